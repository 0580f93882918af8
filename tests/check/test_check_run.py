"""The check of all extracts: incremental, and the rules that hold between extracts."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from churnlight.check import Closing
from churnlight.check.run import CheckRules, Places, check_extracts
from churnlight.check.verdict import Verdict
from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.files import sha256_of_tree
from churnlight.inventory import write_inventory
from churnlight.timeline import Month, month_range

FIRST = Month(2025, 1)


class Operator:
    """A small operator in a folder, and the check over it."""

    def __init__(self, engine: Engine, root: Path) -> None:
        self.engine = engine
        self.places = Places(
            root / "extracts", root / "inventory", root / "check", root / "quarantine"
        )

    def write(self, extract: str, month: Month, text: str) -> None:
        folder = self.places.root / extract / f"month={month}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "part.csv").write_text(text)

    def month(self, month: Month, subscriber: str = "s1", kind: str = "voice") -> None:
        status = "subscriber_id,status,activated_on\n"
        self.write("subscribers", month, f"{status}{subscriber},active,2020-01-01\n")
        calls = "subscriber_id,kind,direction,started_at\n"
        rows = f"{subscriber},voice,out,{month}-03\n" * 2 + f"{subscriber},{kind},in,{month}-04\n"
        self.write("cdr", month, calls + rows)

    def check(self, months: Sequence[Month], **rules: object) -> tuple[Verdict, ...]:
        write_inventory(self.places.root, months, self.places.inventory)
        asked = CheckRules(tuple(months), Closing(5), **{"max_refused_share": 0.5, **rules})  # type: ignore[arg-type]
        return check_extracts(self.engine, self.places, asked)


@pytest.fixture
def operator(engine: Engine, tmp_path: Path) -> Operator:
    made = Operator(engine, tmp_path)
    for month in month_range(FIRST, 2):
        made.month(month)
    return made


def checked(caplog: pytest.LogCaptureFixture) -> list[str]:
    names = [r.getMessage().split(":")[0] for r in caplog.records]
    caplog.clear()
    return [n.removeprefix("check ") for n in names if n.startswith("check ")]


def test_only_what_changed_is_read_again(
    operator: Operator, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO, "churnlight.check.run")
    operator.check([FIRST])
    assert checked(caplog) == ["cdr 2025-01", "subscribers 2025-01"]
    verdicts = operator.check([FIRST, FIRST + 1])
    assert checked(caplog) == ["cdr 2025-02", "subscribers 2025-02"]
    assert [(v.extract, v.month, v.rows, v.kept) for v in verdicts] == [
        ("cdr", "2025-01", 3, 2),
        ("cdr", "2025-02", 3, 2),
        ("subscribers", "2025-01", 1, 1),
        ("subscribers", "2025-02", 1, 1),
    ]
    before = sha256_of_tree(operator.places.out)
    assert operator.check([FIRST, FIRST + 1]) == verdicts
    assert checked(caplog) == []
    assert sha256_of_tree(operator.places.out) == before
    operator.month(FIRST, kind="sms")
    operator.check([FIRST, FIRST + 1])
    # The subscribers' file was written again with the same content.
    assert checked(caplog) == ["cdr 2025-01"]


def test_a_rule_that_changes_is_applied_to_all_months(
    operator: Operator, caplog: pytest.LogCaptureFixture
) -> None:
    operator.check([FIRST])
    caplog.set_level(logging.INFO, "churnlight.check.run")
    write_inventory(operator.places.root, [FIRST], operator.places.inventory)
    check_extracts(operator.engine, operator.places, CheckRules((FIRST,), Closing(7)))
    assert checked(caplog) == ["cdr 2025-01", "subscribers 2025-01"]


def test_verdicts_and_quarantines_of_other_months_disappear(operator: Operator) -> None:
    operator.check([FIRST, FIRST + 1])
    kept = operator.places.quarantine / "cdr" / "month=2025-02" / "refused.parquet"
    gone = operator.places.quarantine / "cdr" / "month=2025-01" / "refused.parquet"
    assert kept.exists()
    assert gone.exists()
    operator.check([FIRST + 1])
    assert kept.exists()
    assert not gone.exists()
    assert not (operator.places.out / "cdr" / "month=2025-01.json").exists()


def test_too_many_refused_rows_stop_the_run_after_all_verdicts(operator: Operator) -> None:
    operator.month(FIRST, kind="fax")
    with pytest.raises(DataRefused, match=r"cdr 2025-01: 1 of 3 rows refused \(kind_unknown 1\)"):
        operator.check([FIRST, FIRST + 1], max_refused_share=0.3)
    assert (operator.places.out / "subscribers" / "month=2025-02.json").is_file()


def test_ids_that_are_joined_have_one_type(operator: Operator) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    folder = operator.places.root / "billing" / f"month={FIRST}"
    folder.mkdir(parents=True)
    pq.write_table(pa.table({"subscriber_id": [1], "total_charge": [9.0]}), folder / "a.parquet")
    with pytest.raises(DataRefused) as refused:
        operator.check([FIRST])
    assert "subscriber_id in cdr 2025-01 holds text ids" in str(refused.value)
    assert "subscriber_id in billing 2025-01 integer ids" in str(refused.value)


def test_telephone_numbers_are_refused_unless_allowed(operator: Operator) -> None:
    operator.month(FIRST, subscriber="13800138000")
    with pytest.raises(DataRefused, match="look like telephone numbers") as refused:
        operator.check([FIRST])
    assert "138001" not in str(refused.value)
    assert "churnlight pseudonymise" in str(refused.value)
    assert operator.check([FIRST], allow_phone_like_ids=True)[0].rows == 3
    # Allowed once is not allowed for ever.
    with pytest.raises(DataRefused, match="look like telephone numbers"):
        operator.check([FIRST])
