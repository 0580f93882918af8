"""The check of all extracts: incremental, and the rules that hold between extracts."""

from __future__ import annotations

import logging
import shutil
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
import yaml

from churnlight.check import Closing, run
from churnlight.check.run import CheckRules, Places, check_extracts
from churnlight.check.verdict import Verdict
from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.files import sha256_of_tree
from churnlight.inventory import write_inventory
from churnlight.paths import Project
from churnlight.stages.check import write_activity
from churnlight.timeline import Month, month_range

ROOT = Path(__file__).resolve().parents[2]
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
    assert checked(caplog) == ["subscribers 2025-01", "cdr 2025-01"]
    verdicts = operator.check([FIRST, FIRST + 1])
    assert checked(caplog) == ["subscribers 2025-02", "cdr 2025-02"]
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
    assert checked(caplog) == ["subscribers 2025-01", "cdr 2025-01"]


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


def test_editing_a_rule_makes_all_verdicts_anew(
    operator: Operator, caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.check([FIRST])
    caplog.set_level(logging.INFO, "churnlight.check.run")
    monkeypatch.setattr(run, "rules_sha256", lambda: "of another source")
    operator.check([FIRST])
    assert checked(caplog) == ["subscribers 2025-01", "cdr 2025-01"]


def test_the_rules_are_the_sources_that_the_stage_depends_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    home = tmp_path / "churnlight"
    source = Path(run.__file__).parents[1]
    shutil.copytree(source, home, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(run, "__file__", str(home / "check" / "run.py"))
    before = run.rules_sha256.__wrapped__()
    assert before == run.rules_sha256()
    deps = set(yaml.safe_load((ROOT / "dvc.yaml").read_text())["stages"]["check"]["deps"])
    for path in sorted(home.rglob("*.py")):
        text = path.read_text()
        path.write_text(text + "# edited\n")
        name = path.relative_to(home).as_posix()
        edited = run.rules_sha256.__wrapped__() != before
        path.write_text(text)
        stands_for = {f"src/churnlight/{name}", f"src/churnlight/{name.split('/')[0]}"}
        assert not edited or stands_for & deps, name
        wanted = {"known.py", "schema.py", "check/rules.py", "check/duplicates.py"}
        assert edited or name not in wanted, name


def test_a_quarantine_that_is_gone_is_made_again(operator: Operator) -> None:
    operator.check([FIRST])
    kept = operator.places.quarantine / "cdr" / f"month={FIRST}" / "refused.parquet"
    before = kept.read_bytes()
    kept.unlink()
    operator.check([FIRST])
    assert kept.read_bytes() == before


def test_a_check_cut_short_leaves_no_verdict_beside_anothers_quarantine(
    operator: Operator, monkeypatch: pytest.MonkeyPatch
) -> None:
    operator.check([FIRST])
    quarantine = operator.places.quarantine
    before = sha256_of_tree(quarantine)
    operator.month(FIRST, kind="fax")

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(run, "write_verdict", killed)
        with pytest.raises(KeyboardInterrupt):
            operator.check([FIRST])
    assert sha256_of_tree(quarantine) != before
    operator.month(FIRST)
    operator.check([FIRST])
    assert sha256_of_tree(quarantine) == before


def test_outputs_that_dvc_linked_are_replaced_and_never_edited(
    operator: Operator, tmp_path: Path
) -> None:
    """An output and DVC's cache share an inode: a write in place would spoil the cache."""
    operator.check([FIRST])
    cache = tmp_path / "cache"
    linked = {}
    for folder in (operator.places.out, operator.places.quarantine):
        for path in sorted(p for p in folder.rglob("*") if p.is_file()):
            link = cache / path.relative_to(tmp_path)
            link.parent.mkdir(parents=True, exist_ok=True)
            link.hardlink_to(path)
            path.chmod(0o444)
            linked[link] = link.read_bytes()
    operator.month(FIRST, kind="fax")
    operator.check([FIRST])
    assert {link: link.read_bytes() for link in linked} == linked
    changed = operator.places.out / "cdr" / f"month={FIRST}.json"
    assert changed.read_bytes() != linked[cache / changed.relative_to(tmp_path)]


def test_what_the_marts_depend_on(operator: Operator) -> None:
    """Their months' files and verdict; neither other months nor how rules are spelt."""
    project = Project(operator.places.out.parent / "project")
    operator.places = replace(operator.places, out=project.check)
    folder = project.check / "activity"
    operator.check([FIRST, FIRST + 1])
    write_activity(project, [FIRST, FIRST + 1])
    before = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert sorted(before) == ["month=2025-01.json", "month=2025-02.json"]
    operator.check([FIRST, FIRST + 1], allow_phone_like_ids=True)
    write_activity(project, [FIRST, FIRST + 1])
    assert {p.name: p.read_bytes() for p in folder.iterdir()} == before
    operator.write("cdr", FIRST, "subscriber_id,kind,direction,started_at\ns1,sms,in,2025-01-09\n")
    operator.check([FIRST, FIRST + 1])
    write_activity(project, [FIRST, FIRST + 1])
    after = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert [n for n in before if before[n] != after[n]] == ["month=2025-01.json"]
    operator.check([FIRST + 1])
    write_activity(project, [FIRST + 1])
    assert [p.name for p in folder.iterdir()] == ["month=2025-02.json"]
