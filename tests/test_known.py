"""What was known when: row by row at the edges, and from extracts on disk to the feature file."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from pathlib import Path

import ibis
import pyarrow.parquet as pq
import pytest

from churnlight import files
from churnlight.known import as_known
from churnlight.paths import Project
from churnlight.schema import EXTRACTS, IBIS_TYPE
from churnlight.stages.check import check
from churnlight.stages.features import features
from churnlight.stages.inventory import inventory
from churnlight.stages.marts import marts
from churnlight.stages.windows import windows
from churnlight.timeline import Month, month_range

AS_OF = datetime(2025, 4, 1)
CUTOFF = datetime(2025, 4, 6)
SECOND = timedelta(seconds=1)
MONTHS = month_range(Month(2025, 1), 4)


def left(name: str, row: dict[str, object], delay_hours: float = 0.0) -> dict[str, object] | None:
    """The row as it is known at the cutoff; None when it is not."""
    extract = EXTRACTS[name]
    types = {c.name: IBIS_TYPE[c.kind] or "string" for c in extract.columns}
    if extract.monthly and extract.happened is None:
        types["month"] = "string"
    table = ibis.memtable([{n: row.get(n) for n in types}], schema=types)
    seen = as_known(
        table, extract, as_of=AS_OF, cutoff=CUTOFF, reporting_delay_hours=delay_hours
    ).to_pyarrow()
    return seen.to_pylist()[0] if seen.num_rows else None


@pytest.mark.parametrize("name", [n for n, e in EXTRACTS.items() if e.happened])
def test_one_second_before_as_of_counts_and_as_of_does_not(name: str) -> None:
    happened = EXTRACTS[name].happened
    assert happened is not None
    assert left(name, {happened: AS_OF - SECOND}) is not None
    assert left(name, {happened: AS_OF}) is None


@pytest.mark.parametrize("name", [n for n, e in EXTRACTS.items() if e.monthly and not e.happened])
def test_a_snapshot_counts_with_its_month(name: str) -> None:
    assert left(name, {"month": "2025-03"}) is not None
    assert left(name, {"month": "2025-04"}) is None


@pytest.mark.parametrize(
    ("name", "row"),
    [
        ("cdr", {"started_at": AS_OF - SECOND, "known_at": CUTOFF - SECOND}),
        ("billing", {"month": "2025-03", "billed_at": CUTOFF - SECOND}),
    ],
)
def test_known_one_second_before_the_cutoff_counts_and_at_it_does_not(
    name: str, row: dict[str, object]
) -> None:
    known = EXTRACTS[name].known
    assert known is not None
    assert left(name, row) is not None
    assert left(name, row | {known: CUTOFF}) is None


def test_a_cdr_that_does_not_say_is_known_after_the_reporting_delay() -> None:
    row: dict[str, object] = {"started_at": AS_OF - SECOND}
    hours = 5 * 24
    assert left("cdr", row, hours) is not None
    assert left("cdr", row | {"started_at": AS_OF - SECOND / 2}, hours + 0.001) is None
    assert left("cdr", row | {"known_at": AS_OF}, hours + 99) is not None


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        (name, column, value)
        for name, extract in EXTRACTS.items()
        for column in extract.late
        for value in [None if column == extract.late[column] else True]
    ],
)
def test_a_column_filled_in_later_is_null_before_its_time(
    name: str, column: str, value: object
) -> None:
    extract = EXTRACTS[name]
    time = extract.late[column]
    before, at = AS_OF - SECOND, AS_OF
    if extract.by_name[time].kind == "date":
        before, at = before.date(), at.date()  # type: ignore[assignment]
    row = {extract.happened: AS_OF - SECOND} if extract.happened else {"month": "2025-03"}
    row |= {column: value}
    early, late = (left(name, row | {time: t}) for t in (before, at))
    assert early is not None
    assert late is not None
    assert early[column] == (before if value is None else value)
    assert late[column] is None
    assert late[time] is None


@pytest.mark.parametrize("name", [n for n, e in EXTRACTS.items() if e.begins])
def test_a_row_that_holds_from_as_of_on_is_not_known_yet(name: str) -> None:
    begins = EXTRACTS[name].begins
    row: dict[str, object] = {"month": "2025-03"} if EXTRACTS[name].monthly else {}
    assert left(name, row | {begins: date(2025, 3, 31)}) is not None
    assert left(name, row | {begins: None}) is not None
    assert left(name, row | {begins: date(2025, 4, 1)}) is None


@pytest.mark.parametrize(
    ("month", "period_end", "counts"),
    [
        ("2025-03", None, True),
        ("2025-03", date(2025, 3, 14), True),
        ("2025-03", date(2025, 3, 31), True),
        ("2025-03", date(2025, 4, 1), False),
        ("2025-03", date(2025, 4, 14), False),
        ("2025-04", None, False),
    ],
)
def test_a_bill_counts_once_its_period_has_passed(
    month: str, period_end: date | None, *, counts: bool
) -> None:
    row = left("billing", {"month": month, "period_end": period_end})
    assert (row is not None) is counts


def test_a_bill_of_its_own_period_is_known_when_that_has_passed() -> None:
    # With the cutoff at as_of a bill of the month is not known yet, one that ended earlier is.
    table = ibis.memtable(
        [
            {"month": "2025-03", "period_end": date(2025, 3, 30), "billed_at": None},
            {"month": "2025-03", "period_end": date(2025, 3, 31), "billed_at": None},
            {"month": "2025-03", "period_end": date(2025, 3, 30), "billed_at": AS_OF},
            {"month": "2025-03", "period_end": None, "billed_at": None},
        ],
        schema={"month": "string", "period_end": "date", "billed_at": "timestamp"},
    )
    seen = as_known(table, EXTRACTS["billing"], as_of=AS_OF, cutoff=AS_OF).to_pyarrow()
    assert seen["period_end"].to_pylist() == [date(2025, 3, 30)]


def test_rows_that_differ_only_in_what_came_later_are_one() -> None:
    when = AS_OF - SECOND
    rows = [
        {"subscriber_id": "a", "happened_at": when, "kind": "complaint", "resolved_at": resolved}
        for resolved in (None, AS_OF, AS_OF + SECOND, when)
    ]
    types = {c.name: IBIS_TYPE[c.kind] or "string" for c in EXTRACTS["care"].columns}
    table = ibis.memtable(rows, schema=types)
    seen = as_known(table, EXTRACTS["care"], as_of=AS_OF, cutoff=CUTOFF).to_pyarrow()
    assert sorted(seen["resolved_at"].to_pylist(), key=str) == [when, None]


# --- from extracts on disk to the feature file ---

HEADERS = {
    "subscribers": "subscriber_id,month,status,status_since,activated_on,plan_id,group_id",
    "cdr": "subscriber_id,counterpart_id,kind,direction,started_at,duration_s,"
    "counterpart_network,known_at",
    "billing": "subscriber_id,month,total_charge,billed_at",
    "care": "subscriber_id,happened_at,kind,resolved_at",
    "topups": "subscriber_id,paid_at,amount",
    "services": "subscriber_id,month,service_id,fee",
    "campaigns": "subscriber_id,offered_at,campaign_id,arm,responded_at,accepted",
    "numbers": "subscriber_id,number_id,valid_from,valid_to",
}
SUBSCRIBERS = ("s1", "s2", "s3", "s4")


def first_rows(month: Month) -> dict[str, list[str]]:
    rows: dict[str, list[str]] = {name: [] for name in HEADERS}
    for i, who in enumerate(SUBSCRIBERS):
        other = SUBSCRIBERS[i - 1]
        rows["subscribers"].append(f"{who},{month},active,,2020-01-01,p1,g1")
        rows["billing"].append(f"{who},{month},{90 + i},")
        rows["topups"].append(f"{who},{month}-05 10:00:00,50")
        rows["services"].append(f"{who},{month},ring,3")
        for day in range(1, 27, 4 + i):
            at = f"{month}-{day:02d} 12:00:00"
            rows["cdr"].append(f"{who},{other},voice,out,{at},600,own,")
            rows["cdr"].append(f"{other},{who},voice,in,{at},600,own,")
    if month == Month(2025, 3):
        rows["care"].append("s1,2025-03-20 09:00:00,complaint,2025-04-06 00:00:00")
        rows["campaigns"].append("s1,2025-03-20 09:00:00,c1,treated,2025-04-06 00:00:00,true")
    return rows


def too_late() -> dict[str, dict[str, list[str]]]:
    """Rows by month that happened at or after as_of, or became known at or after the cutoff."""
    return {
        "2025-03": {
            "cdr": [
                "s1,s9,voice,out,2025-03-31 23:00:00,9999,rival,2025-04-06 00:00:00",
                "s2,s1,voice,out,2025-03-05 12:00:00,600,own,2025-07-01 00:00:00",
            ],
            "billing": ["s5,2025-03,1,2025-04-06 00:00:00"],
        },
        # Another month's mart is closed at its own time.
        "2025-02": {"cdr": ["s3,s9,sms,out,2025-02-28 23:00:00,,rival,2025-03-06 00:00:00"]},
        "2025-04": {
            "cdr": ["s1,s9,voice,out,2025-04-01 00:00:00,9999,rival,"],
            "subscribers": ["s6,2025-04,active,,2025-04-02,p1,g1"],
            "billing": ["s6,2025-04,1,2025-04-01 00:00:00"],
            "care": ["s1,2025-04-01 00:00:00,port_out_application,"],
            "topups": ["s1,2025-04-01 00:00:00,999"],
            "services": ["s1,2025-04,news,9"],
            "campaigns": ["s2,2025-04-01 00:00:00,c2,treated,,"],
            "numbers": ["s2,s1,2025-01-01,"],
        },
    }


def just_in_time() -> dict[str, dict[str, list[str]]]:
    return {
        "2025-03": {
            "cdr": ["s1,s9,voice,out,2025-03-31 23:59:59,9999,rival,2025-04-05 23:59:59"],
            "topups": ["s2,2025-03-31 23:59:59,70"],
            "care": ["s3,2025-03-31 23:59:59,port_query,"],
        }
    }


def other_april() -> list[str]:
    """April's snapshot: one has left, one's number is another's, one is gone, one is new."""
    return [
        "s1,2025-04,ported_out,2025-04-30,2020-01-01,p2,",
        "s2,2025-04,active,2025-04-02,2025-04-02,p2,g2",
        "s3,2025-04,suspended,2025-04-03,2020-01-01,p2,g2",
        "s7,2025-04,active,,2025-04-02,p1,g1",
    ]


class Operator:
    """A project in a folder, and the features of as_of as the stages write them."""

    def __init__(self, root: Path) -> None:
        self.project = Project(root)
        self.rows = {str(m): first_rows(m) for m in MONTHS}
        root.mkdir(parents=True)
        (root / "dvc.yaml").write_text("stages: {}\n")
        self.project.params_file.write_text(
            "engine: {threads: 1, memory_limit_gb: 1.0}\n"
            f"extracts: {{path: extracts, months: {[str(m) for m in MONTHS]}}}\n"
            "time: {window_months: 2, horizon_months: 1}\n"
            "as_ofs: {'2025-03-01': fit, '2025-04-01': test}\n"
            "cohort: {min_monthly_bill: 80, min_voice_out_minutes: 60}\n"
            "label: {kinds: [off_net], max_vanished_share: 1.0}\n"
            "check: {max_refused_share: 0.0}\n"
        )

    def add(self, rows: dict[str, dict[str, list[str]]]) -> None:
        for month, extracts in rows.items():
            for name, lines in extracts.items():
                self.rows[month][name].extend(lines)

    def features(self, monkeypatch: pytest.MonkeyPatch) -> Path:
        for month, extracts in self.rows.items():
            for name, lines in extracts.items():
                folder = self.project.extracts("extracts") / name / f"month={month}"
                folder.mkdir(parents=True)
                (folder / "part.csv").write_text("\n".join([HEADERS[name], *lines]) + "\n")
        monkeypatch.setenv("CHURNLIGHT_PROJECT", str(self.project.root))
        inventory()
        check()
        for month in MONTHS[:3]:
            marts(str(month))
        windows()
        features(f"{AS_OF:%Y-%m-%d}")
        return self.project.features(f"{AS_OF:%Y-%m-%d}") / "features.parquet"


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with pytest.MonkeyPatch.context() as patch:
        return Operator(tmp_path_factory.mktemp("plain") / "project").features(patch)


def test_rows_that_came_too_late_leave_the_feature_file_byte_identical(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = Operator(tmp_path / "project")
    operator.rows["2025-04"]["subscribers"] = other_april()
    operator.add(too_late())
    late = operator.features(monkeypatch)
    project = operator.project
    # They were there, were judged as late, and the label saw what it should.
    verdict = files.read_json(project.check / "cdr" / "month=2025-03.json")
    assert (verdict["late"], verdict["refused"]) == (2, {})
    labels = pq.read_table(project.labels("2025-04-01") / "labels.parquet").to_pylist()
    churned = {row["subscriber_id"]: row["churned"] for row in labels}
    assert churned == {"s1": True, "s2": True, "s3": False, "s4": True}
    assert late.read_bytes() == plain.read_bytes()


def test_rows_that_came_just_in_time_count(
    plain: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator = Operator(tmp_path / "project")
    operator.add(just_in_time())
    before = {r["subscriber_id"]: r for r in pq.read_table(plain).to_pylist()}
    after = pq.read_table(operator.features(monkeypatch)).to_pylist()
    changed = {
        row["subscriber_id"]: {n for n, v in row.items() if before[row["subscriber_id"]][n] != v}
        for row in after
    }
    assert {"voice_out_min_per_day", "silent_out_days"} <= changed["s1"]
    assert {"topups_count", "since_topup_days"} <= changed["s2"]
    assert {"port_queries_count", "since_care_days"} <= changed["s3"]
    assert not changed["s4"]
