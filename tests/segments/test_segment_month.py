"""A month after a month: the frozen model, codes that stay, hit rates, files of the same bytes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest
from segments_world import at, params, three_groups

from churnlight.engine import Engine, connect
from churnlight.errors import DataRefused
from churnlight.params.data import EngineParams, TimeParams
from churnlight.segments import Given, Outcome, load_month, save_month, segment_month
from churnlight.segments.matching import adjusted_rand
from churnlight.segments.model import SegmentModel

COHORT = three_groups()
APRIL, MAY = at("2025-04-01"), at("2025-05-01")


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with connect(EngineParams(threads=1), tmp_path_factory.mktemp("month")) as opened:
        yield opened


def services(engine: Engine) -> Any:
    """Service 70 + group is liked by the group, 75 by some of everyone; April brings new ones."""
    rows = []
    for n, (who, group) in enumerate(zip(COHORT["subscriber_id"], COHORT["group"], strict=True)):
        had = [70 + group] * (n % 3 == 0) + [75] * (n % 4 == 0)
        rows += [(who, f"2025-0{m}", s) for m in (1, 2, 3, 4) for s in had]
        # Every tenth of those without takes up what the group likes.
        rows += [(who, "2025-04", 70 + group)] * (n % 10 == 1 and n % 3 != 0)
    columns = ("subscriber_id", "month", "service_id")
    table = {name: pa.array([r[k] for r in rows]) for k, name in enumerate(columns)}
    return engine.upload(pa.table(table | {"fee": [1.0] * len(rows), "uses": [1] * len(rows)}))


def test_the_first_month(engine: Engine) -> None:
    given = Given(engine, services(engine))
    found = segment_month(COHORT, APRIL, params(keep_services=2), given)
    assert found.segments["subscriber_id"].tolist() == sorted(COHORT["subscriber_id"])
    content = found.content
    assert (content["as_of"], content["model_as_of"], content["made"]) == (
        "2025-04-01",
        "2025-04-01",
        "first",
    )
    assert [s["code"] for s in content["segments"]] == ["S1", "S2", "S3"]
    assert sum(s["rows"] for s in content["segments"]) == 450
    assert content["before"] is None
    assert content["services"]["hit_rate"] is None
    # Each group's own service matches it, and nobody is offered what they have.
    codes = found.segments.merge(COHORT[["subscriber_id", "group"]], on="subscriber_id")
    for entry in content["segments"]:
        best = entry["services"][0]
        group = codes[codes["segment"] == entry["code"]]["group"].mode()[0]
        assert (best["service_id"], best["level"]) == (70 + group, 3)
    assert found.services is not None
    third = COHORT["subscriber_id"][COHORT.index % 3 == 0]
    offered = found.services[found.services["subscriber_id"].isin(third)]
    assert not offered["service_id"].isin([70, 71, 72]).all()
    json.dumps(content, allow_nan=False)


def test_the_next_month_is_judged_by_the_same_model(engine: Engine, tmp_path: Path) -> None:
    given = Given(engine, services(engine))
    first = segment_month(COHORT, APRIL, params(keep_services=2), given)
    save_month(first, tmp_path)
    before = load_month(tmp_path, TimeParams())
    assert before.model.content() == first.content["model"]
    # Ten have left, ten are new, everyone's use moves a little.
    later = pd.concat([COHORT.iloc[10:], three_groups(each=4, seed=7, first_id=900)])
    rng = np.random.default_rng(2)
    later = later.assign(bill_money=later["bill_money"] * rng.lognormal(0, 0.05, len(later)))
    after = Given(engine, services(engine), before)
    found = segment_month(later, MAY, params(keep_services=2), after)
    assert (found.content["made"], found.content["model_as_of"]) == ("frozen", "2025-04-01")
    assert found.content["model"] == first.content["model"]
    moved = found.content["before"]
    assert (moved["as_of"], moved["rows"]) == ("2025-04-01", 440)
    assert moved["adjusted_rand"] > 0.9
    assert moved["kept_share"] > 0.95
    assert (moved["matched"], moved["new"], moved["gone"]) == (["S1", "S2", "S3"], [], [])
    # 30 took up their group's service, which their segment had on offer; the two most popular are
    # 75 and the service of one group.
    hit = found.content["services"]["hit_rate"]
    assert (hit["as_of"], hit["month"]) == ("2025-04-01", "2025-04")
    assert hit["subscribers"] == sum(n % 10 == 1 and n % 3 != 0 for n in range(450))
    assert hit["by_segment"] > 0.9 > hit["by_popularity"]
    assert hit["better"]


def test_a_month_that_came_later_changes_nothing_of_an_earlier_one(engine: Engine) -> None:
    every = services(engine)
    known = segment_month(COHORT, APRIL, params(), Given(engine, every))
    past = segment_month(
        COHORT, APRIL, params(), Given(engine, every.filter(every.month < "2025-04"))
    )
    assert known.content == past.content
    pd.testing.assert_frame_equal(known.services, past.services)


def test_a_new_model_takes_over_the_codes_of_the_old(tmp_path: Path) -> None:
    first = segment_month(COHORT, APRIL, params())
    save_month(first, tmp_path)
    before = load_month(tmp_path, TimeParams())
    # The groups' sizes change about: codes by size alone would be others.
    part = pd.concat(
        [COHORT[COHORT["group"] == g].head(n) for g, n in ((0, 60), (1, 150), (2, 100))]
    )
    found = segment_month(part, MAY, params(refit_months=1), Given(before=before))
    assert (found.content["made"], found.content["model_as_of"]) == ("age", "2025-05-01")
    assert found.content["before"]["adjusted_rand"] > 0.9
    assert found.content["before"]["kept_share"] > 0.95
    assert found.content["before"]["matched"] == ["S1", "S2", "S3"]
    assert {s["code"] for s in found.content["segments"]} == {"S1", "S2", "S3"}
    both = found.segments.merge(first.segments, on="subscriber_id")
    assert (both["segment_x"] == both["segment_y"]).mean() > 0.95


def test_a_segment_that_was_not_there_gets_a_new_code(tmp_path: Path) -> None:
    two = COHORT[COHORT["group"] != 1]
    save_month(segment_month(two, APRIL, params()), tmp_path)
    before = load_month(tmp_path, TimeParams())
    assert before.model.codes == ("S1", "S2")
    found = segment_month(COHORT, MAY, params(refit_months=1), Given(before=before))
    new = found.content["before"]["new"]
    assert new == ["S3"]
    assert found.content["before"]["gone"] == []
    group = COHORT.set_index("subscriber_id")["group"]
    mine = found.segments[found.segments["segment"] == "S3"]["subscriber_id"]
    assert (group[mine] == 1).mean() > 0.95


def test_other_features_make_the_model_anew(tmp_path: Path) -> None:
    save_month(segment_month(COHORT, APRIL, params()), tmp_path)
    before = load_month(tmp_path, TimeParams())
    fewer = params(features=("voice_out_call_s", "data_mb_per_day"))
    assert segment_month(COHORT, MAY, fewer, Given(before=before)).content["made"] == "parameters"
    heavier = params(category_weight=1.0)
    assert segment_month(COHORT, MAY, heavier, Given(before=before)).content["made"] == "parameters"


def test_an_absent_family_is_missing_and_an_empty_table_refused(tmp_path: Path) -> None:
    save_month(segment_month(COHORT, APRIL, params()), tmp_path)
    given = Given(before=load_month(tmp_path, TimeParams()))
    found = segment_month(COHORT.drop(columns="bill_money"), MAY, params(), given)
    assert found.content["known_share"]["bill_money"] == 0.0
    assert adjusted_rand(COHORT["group"], found.segments["segment"]) > 0.9
    with pytest.raises(DataRefused, match="have none of the 6 columns"):
        segment_month(COHORT[["subscriber_id"]], MAY, params(), given)
    with pytest.raises(DataRefused, match="the cohort is empty"):
        segment_month(COHORT.head(0), MAY, params(), given)
    with pytest.raises(DataRefused, match="450 of 900 rows"):
        segment_month(pd.concat([COHORT, COHORT]), MAY, params(), given)


def test_churn_rates_are_those_of_an_earlier_month() -> None:
    past = three_groups(seed=3, first_id=5_000)
    churned = pd.array(past["group"] == 1, dtype="boolean")
    churned[:5] = pd.NA
    labels = pd.DataFrame({"subscriber_id": past["subscriber_id"], "churned": churned})
    given = Given(outcome=Outcome("2025-01-01", past, labels.sample(frac=1, random_state=1)))
    found = segment_month(COHORT, APRIL, params(), given)
    assert found.content["churn_as_of"] == "2025-01-01"
    rates = [s["churn"] for s in found.content["segments"]]
    assert sum(r["rows"] for r in rates) == 445
    assert sum(r["churners"] for r in rates) == 150
    assert sorted(r["rate"] > 0.9 for r in rates) == [False, False, True]
    plain = segment_month(COHORT, APRIL, params())
    assert [s["churn"] for s in plain.content["segments"]] == [None] * 3
    assert plain.content["model"] == found.content["model"]


def test_the_same_bytes_whatever_the_order_of_the_rows(engine: Engine, tmp_path: Path) -> None:
    given = Given(engine, services(engine))
    save_month(segment_month(COHORT, APRIL, params(), given), tmp_path / "one")
    shuffled = COHORT.sample(frac=1, random_state=8)
    save_month(segment_month(shuffled, APRIL, params(), given), tmp_path / "other")
    names = sorted(path.name for path in (tmp_path / "one").iterdir())
    assert names == ["segments.json", "segments.parquet", "services.parquet"]
    for name in names:
        one, other = (tmp_path / folder / name for folder in ("one", "other"))
        assert one.read_bytes() == other.read_bytes()


def test_text_identifiers() -> None:
    named = COHORT.assign(subscriber_id=[f"x{i:04}" for i in COHORT["subscriber_id"]])
    found = segment_month(named, APRIL, params())
    numbered = segment_month(COHORT, APRIL, params())
    assert found.segments["segment"].tolist() == numbered.segments["segment"].tolist()
    assert SegmentModel.of(found.content["model"]) == SegmentModel.of(numbered.content["model"])
