"""A look at a whole folder: severities, examples, rates; rows always add up."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from churnlight.check import Closing
from churnlight.check.month import Folders, check_month
from churnlight.check.run import CheckRules, Places
from churnlight.check.survey import survey
from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.files import sha256_of_tree
from churnlight.params.data import CheckTargets
from churnlight.schema import CDR
from churnlight.timeline import Month

BOOKS = "subscriber_id,status,activated_on,region,vip_tier\n"
CALLS = "subscriber_id,kind,direction,started_at\n"


def put(root: Path, extract: str, month: str, text: str) -> None:
    folder = root / extract / (f"month={month}" if month else "")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "part.csv").write_text(text)


def look(engine: Engine, root: Path, out: Path, **targets: float) -> dict[str, Any]:
    places = Places(root, out / "inventory", out / "check", out / "quarantine")
    rules = CheckRules((), Closing(5), max_refused_share=0.5)
    return survey(engine, places, rules, CheckTargets(**targets))


def of(content: dict[str, Any], extract: str, month: str | None) -> dict[str, Any]:
    return next(e for e in content["extracts"] if (e["extract"], e["month"]) == (extract, month))


def test_a_clean_folder(engine: Engine, tmp_path: Path) -> None:
    root = tmp_path / "x"
    put(root, "subscribers", "2025-01", BOOKS + "sub-a,active,2020-01-01,north,gold\n")
    put(root, "cdr", "2025-01", CALLS + "sub-a,sms,in,2025-01-31\n")
    put(root, "plans", "", "plan_id,fee\np1,9\n")
    before = sha256_of_tree(root)
    content = look(engine, root, tmp_path / "out")
    assert (content["severity"], content["findings"], content["unreadable"]) == ("clean", [], [])
    assert [e["severity"] for e in content["extracts"]] == ["clean"] * 3
    assert sha256_of_tree(root) == before
    # The columns that a customer should have and the file lacks are named, not counted.
    absent = of(content, "subscribers", "2025-01")["absent"]
    assert absent == [
        "status_since", "account_id", "payment", "brand", "plan_id", "handset_id", "age_band",
        "sex",
    ]  # fmt: skip


def test_faults_are_told_by_place_and_never_by_id(engine: Engine, tmp_path: Path) -> None:
    root = tmp_path / "x"
    books = "sub-a,active,2020-01-01,,gold\nsub-b,active,2020-01-01,,lead\nsub-c,gone,,,\n"
    put(root, "subscribers", "2025-01", BOOKS + books)
    rows = "sub-a,fax,in,2025-01-05\n" * 4 + "sub-a,sms,in,2025-01-05\n" * 6
    put(root, "cdr", "2025-01", CALLS + rows)
    content = look(engine, root, tmp_path / "out")
    assert content["severity"] == "warning"
    calls, people = of(content, "cdr", "2025-01"), of(content, "subscribers", "2025-01")
    assert (calls["rows"], calls["kept"]) == (10, 1)
    assert (calls["refused"], calls["duplicates"]) == ({"kind_unknown": 4}, {"duplicate": 5})
    file = "cdr/month=2025-01/part.csv"
    assert calls["examples"]["kind_unknown"] == [{"file": file, "row": n} for n in range(3)]
    assert [e["row"] for e in calls["examples"]["duplicate"]] == [5, 6, 7]
    # By hand, three rows of six columns: 3 ids, 3 months, 3 statuses, 2 dates, no region, 2 tiers;
    # one of the rows breaks no rule.
    assert people["completeness"] == pytest.approx(13 / 18, abs=1e-6)
    assert people["accuracy"] == pytest.approx(1 / 3, abs=1e-6)
    assert people["below_target"] == ["completeness", "accuracy"]
    assert people["unknown"] == {"vip_tier": 1}
    assert "sub-" not in json.dumps(content)
    assert look(engine, root, tmp_path / "o2", completeness=0.7, accuracy=0.3)["severity"] == (
        "warning"
    )


def test_what_can_not_be_read_is_named_and_the_rest_is_judged(
    engine: Engine, tmp_path: Path
) -> None:
    root = tmp_path / "x"
    put(root, "subscribers", "2025-01", BOOKS + "sub-a,active,2020-01-01,,\n")
    put(root, "care", "2025-01", "subscriber_id,kind\nsub-a,complaint\n")
    put(
        root,
        "cdr",
        "2025-01",
        CALLS + "sub-a,fax,in,2025-01-05\n" * 2 + "sub-a,sms,in,2025-01-05\n",
    )
    content = look(engine, root, tmp_path / "out")
    assert content["severity"] == "refused"
    (unread,) = content["unreadable"]
    assert (unread["extract"], unread["month"]) == ("care", "2025-01")
    assert unread["message"].startswith("care/month=2025-01/part.csv: column 'happened_at'")
    assert of(content, "cdr", "2025-01")["severity"] == "refused"
    assert of(content, "subscribers", "2025-01")["severity"] == "warning"


def test_nothing_to_check_is_an_error(engine: Engine, tmp_path: Path) -> None:
    (tmp_path / "x").mkdir()
    with pytest.raises(DataRefused, match="no extracts: looked for"):
        look(engine, tmp_path / "x", tmp_path / "out")


ROW = st.tuples(
    st.sampled_from(["s1", "s2", ""]),
    st.sampled_from(["voice", "sms", "fax", ""]),
    st.sampled_from(["out", "in", "up", ""]),
    st.sampled_from(["2025-01-03 10:00", "2025-01-31 23:59", "2025-02-01", "soon", ""]),
    st.sampled_from(["0", "60", "-1", "99999999", "x", ""]),
    st.sampled_from(["", "2025-01-04", "2025-03-01"]),
)


@settings(
    max_examples=10, deadline=None, derandomize=True,
    phases=[Phase.explicit, Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)  # fmt: skip
@given(rows=st.lists(ROW, min_size=1, max_size=30))
def test_every_row_has_one_fate(
    engine: Engine, tmp_path: Path, rows: list[tuple[str, ...]]
) -> None:
    head = "subscriber_id,kind,direction,started_at,duration_s,known_at\n"
    put(tmp_path, "cdr", "2025-01", head + "".join(",".join(row) + "\n" for row in rows))
    folders = Folders(tmp_path, tmp_path / "q")
    try:
        verdict = check_month(engine, folders, CDR, Month(2025, 1), Closing(5))
    except DataRefused:
        # Not one cell of a column could be read: the whole month is refused, with every row.
        return
    refused, copies = sum(verdict.refused.values()), sum(verdict.duplicates.values())
    assert verdict.rows == len(rows) == verdict.kept + verdict.late + copies + refused
    path = tmp_path / "q" / "cdr" / "month=2025-01" / "refused.parquet"
    removed = pq.read_table(path, partitioning=None).to_pylist() if path.exists() else []
    assert len({(r["source_file"], r["source_row"]) for r in removed}) == refused + copies
    assert verdict.sound == len(rows) - refused
