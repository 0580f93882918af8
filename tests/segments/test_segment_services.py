"""Match levels, ranks, offers and hit rates by hand; nothing later than the cutoff counts."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pyarrow as pa
import pytest
from segments_world import at, params

from churnlight.engine import Engine, connect
from churnlight.params.data import EngineParams
from churnlight.segments.services import (
    had_by,
    hit_rates,
    hits,
    match_levels,
    paired_interval,
    prefer,
    taken_up,
)


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with connect(EngineParams(threads=1), tmp_path_factory.mktemp("services")) as opened:
        yield opened


def extract(engine: Engine, *rows: tuple[int, str, int]) -> Any:
    columns = ("subscriber_id", "month", "service_id")
    table = pa.table(
        {name: pa.array([row[n] for row in rows]) for n, name in enumerate(columns)}
        | {"fee": pa.array([1.0] * len(rows)), "uses": pa.array([1] * len(rows), pa.int64())}
    )
    return engine.upload(table)


def users(**columns: list[int]) -> pd.DataFrame:
    return pd.DataFrame(columns, index=["S1", "S2"])


def test_match_levels_by_hand() -> None:
    # S1 has 100 of 400 subscribers. The cohort's penetration of a is 10 %, b 10 %, c 10 %, d 1 %.
    sizes = pd.Series({"S1": 100, "S2": 300})
    found = match_levels(
        sizes, users(a=[12, 28], b=[7, 33], c=[10, 30], d=[4, 0], e=[11, 40]), params()
    )
    level = found.set_index(["segment", "service_id"])["level"].to_dict()
    # 12 against 10 is 1.2 times: level 3. 7 against 10 is below 0.8 times: 1. d: 1 user is usual.
    assert [level["S1", s] for s in "abcde"] == [3, 1, 2, 2, 2]
    # 28 against 30; 33 against 30; 30; 0 against 3, too few to say; 40 against 38.25.
    assert [level["S2", s] for s in "abcde"] == [2, 2, 2, 2, 2]
    mine = found[found["segment"] == "S1"]
    # By level, then penetration: a (3); e 11 %, c 10 %, d 4 % (2); b (1).
    assert mine["service_id"].tolist() == list("aecdb")
    assert mine["rank"].tolist() == [1, 2, 3, 4, 5]
    assert mine["penetration"].tolist() == [0.12, 0.11, 0.10, 0.04, 0.07]
    strict = match_levels(sizes, users(a=[12, 28]), params(level_high=1.3))
    assert strict["level"].tolist() == [2, 2]


def test_equal_services_go_by_their_id() -> None:
    found = match_levels(pd.Series({"S1": 10, "S2": 10}), users(b=[5, 5], a=[5, 5]), params())
    assert found["service_id"].tolist() == ["a", "b", "a", "b"]


def cohort() -> tuple[pd.DataFrame, pd.DataFrame]:
    segments = pd.DataFrame({"subscriber_id": range(1, 21), "segment": ["S1"] * 10 + ["S2"] * 10})
    pairs = [(s, 70) for s in range(1, 9)] + [(s, 71) for s in (1, 11, 12, 13, 14, 15, 16, 17, 18)]
    # 99 is nobody's in the cohort.
    pairs += [(99, 72), (19, 72)]
    return segments, pd.DataFrame(pairs, columns=["subscriber_id", "service_id"])


def test_offers_are_what_the_segment_likes_and_the_subscriber_lacks() -> None:
    segments, had = cohort()
    found = prefer(segments, had, params(least_users=0, keep_services=2))
    # S1: 8 of 10 have 70 (cohort 40 %), 1 has 71 (45 %), none 72; S2: none 70, 8 have 71, 1 has 72.
    top = found.match[found.match["rank"] <= 2]
    assert top[["segment", "service_id", "level"]].to_numpy().tolist() == [
        ["S1", 70, 3],
        ["S1", 71, 1],
        ["S2", 71, 3],
        ["S2", 72, 3],
    ]
    by_one = found.offers.groupby("subscriber_id")["service_id"].agg(list).to_dict()
    assert by_one[2] == [71]
    assert by_one[10] == [70, 71]
    assert by_one[11] == [72]
    assert by_one[19] == [71]
    assert by_one[20] == [71, 72]
    # Who has both gets nothing; who lacks the first starts with rank 1 all the same.
    assert 1 not in by_one
    assert found.offers[found.offers["subscriber_id"] == 2]["rank"].tolist() == [1]
    assert found.popular == (71, 70)


def test_the_order_of_rows_makes_no_difference() -> None:
    segments, had = cohort()
    one = prefer(segments, had, params(least_users=0))
    other = prefer(segments.sample(frac=1, random_state=3), had.iloc[::-1], params(least_users=0))
    pd.testing.assert_frame_equal(one.match, other.match)
    pd.testing.assert_frame_equal(one.offers, other.offers)
    assert one.popular == other.popular


def test_nobody_has_any_service() -> None:
    segments, had = cohort()
    found = prefer(segments, had.head(0), params())
    assert len(found.match) == len(found.offers) == 0
    assert found.popular == ()


def test_only_the_window_as_known_before_the_cutoff_counts(engine: Engine) -> None:
    rows = extract(
        engine,
        (1, "2024-12", 70),  # before the window
        (1, "2025-01", 71),
        (1, "2025-03", 71),
        (2, "2025-03", 72),
        (1, "2025-04", 73),  # the month after: not over at as_of
        (2, "2025-05", 74),
    )
    had = had_by(engine, rows, at("2025-04-01"))
    assert had.to_numpy().tolist() == [[1, 71], [2, 72]]


def test_what_comes_later_changes_no_offer(engine: Engine) -> None:
    segments, _ = cohort()
    past = [(s, "2025-02", 70 + s % 3) for s in range(1, 15)]
    later = [(s, "2025-04", 75) for s in range(1, 21)]
    found = [
        prefer(segments, had_by(engine, extract(engine, *rows), at("2025-04-01")), params())
        for rows in (past, [*past, *later])
    ]
    pd.testing.assert_frame_equal(found[0].match, found[1].match)
    pd.testing.assert_frame_equal(found[0].offers, found[1].offers)


def test_taken_up_is_what_was_not_had_before(engine: Engine) -> None:
    before, now = at("2025-03-01"), at("2025-04-01")
    window = [(9, "2024-12", 70), (9, "2025-01", 70), (1, "2025-02", 71)]
    rows = extract(
        engine,
        *window,
        (1, "2025-03", 71),  # had before
        (1, "2025-03", 72),  # new
        (9, "2025-03", 70),  # had before
        (2, "2025-04", 73),  # not over at the second as_of
    )
    found = taken_up(engine, rows, before, now)
    assert found is not None
    assert found.to_numpy().tolist() == [[1, 72]]
    # At the first as_of nobody knows of March; without one of the months nothing is said.
    assert taken_up(engine, rows, before, before) is None
    assert taken_up(engine, extract(engine, *window), before, now) is None


def test_hits_and_rates_by_hand() -> None:
    segments = pd.DataFrame({"subscriber_id": [1, 2, 3, 4]})
    offers = pd.DataFrame({"subscriber_id": [1, 1, 2, 3], "service_id": [70, 71, 70, 71]})
    # 5 is not of the cohort. 1 took two up, one of them offered; 4 was offered nothing.
    taken = pd.DataFrame(
        {"subscriber_id": [1, 1, 2, 3, 4, 5], "service_id": [71, 79, 71, 71, 70, 70]}
    )
    found = hits(taken, segments, offers, (70, 79))
    assert found["subscriber_id"].tolist() == [1, 2, 3, 4]
    assert found["by_segment"].tolist() == [True, False, True, False]
    assert found["by_popularity"].tolist() == [True, False, False, True]
    rates = hit_rates(found)
    assert rates["subscribers"] == 4
    assert (rates["by_segment"], rates["by_popularity"], rates["difference"]) == (0.5, 0.5, 0.0)
    assert rates["low"] < 0 < rates["high"]
    assert not rates["better"]


def test_the_paired_interval_by_hand() -> None:
    # (20 + 0.5) - (5 + 0.5) = 15 of 102; spread sqrt(26 - 225 / 102) / 102.
    low, high = paired_interval(20, 5, 100)
    half = 1.959963984540054 * (26 - 225 / 102) ** 0.5 / 102
    assert (low, high) == pytest.approx((15 / 102 - half, 15 / 102 + half))
    found = pd.DataFrame({"by_segment": [True] * 20 + [False] * 80,
                          "by_popularity": [False] * 95 + [True] * 5})  # fmt: skip
    rates = hit_rates(found.assign(subscriber_id=range(100)))
    assert (rates["low"], rates["high"]) == pytest.approx((low, high), abs=1e-6)
    assert rates["better"]


def test_nobody_took_anything_up() -> None:
    nobody = pd.DataFrame({"subscriber_id": [], "by_segment": [], "by_popularity": []})
    assert hit_rates(nobody)["by_segment"] is None
    assert not hit_rates(nobody)["better"]
