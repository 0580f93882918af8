"""At random as_ofs the feature file from full extracts equals that from extracts cut to the time.

Check, marts and features run as the stages run them, on a random operator with late CDRs, bills
and corrections, columns filled in later, recycled numbers, reference rows of the future, and all
that happened afterwards. The cut is made by other code (`full_operator`), the bytes must be equal.
"""

from __future__ import annotations

import random
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow.parquet as pq
import pytest
import yaml
from full_operator import MONTHS, Extracts, Operator, cut, missing, write

from churnlight import files
from churnlight.params.whole import Params
from churnlight.paths import Project
from churnlight.stages.check import check
from churnlight.stages.features import features
from churnlight.stages.inventory import inventory
from churnlight.stages.marts import marts
from churnlight.stages.windows import window_of

# What of the labels' table is said of the window, and not of the outcome.
WINDOW_COLUMNS = (
    "subscriber_id",
    "account_id",
    "monthly_bill_money",
    "voice_out_min",
    "activated_on",
    "days_since_out",
)
# Extracts of which rows come too late, and whose cells are filled in too late.
ROWS_CUT = {"cdr", "billing", "numbers", "plans", "handsets"}
CELLS_CUT = {"care", "campaigns", "numbers", "plans"}


class Case:
    """A random operator, random settings of time, and a project over its full extracts."""

    def __init__(self, seed: int, root: Path, as_ofs: int) -> None:
        rng = random.Random(seed)  # noqa: S311
        self.window = rng.choice([1, 2, 3])
        self.close_days = rng.choice([1, 5, 9])
        self.delay_hours = rng.choice([0, 30])
        self.full = Operator(seed).rows
        self.root = root
        self.as_ofs = [f"{m}-01" for m in rng.sample(MONTHS[self.window :], as_ofs)]
        self.project, self.params = self.make("full", self.full, MONTHS)

    def make(self, name: str, rows: Extracts, months: tuple[str, ...]) -> tuple[Project, Params]:
        project = Project(self.root / name)
        write(rows, project.root / "extracts")
        (project.root / "dvc.yaml").write_text("stages: {}\n")
        content: dict[str, Any] = {
            "engine": {"threads": 1, "memory_limit_gb": 1.0},
            "extracts": {"path": "extracts", "months": list(months)},
            "time": {
                "window_months": self.window,
                "horizon_months": 1,
                "close_days": self.close_days,
                "reporting_delay_hours": self.delay_hours,
            },
            "as_ofs": {"2025-02-01": "fit", "2025-05-01": "test"},
            "cohort": {
                "min_monthly_bill": None,
                "min_voice_out_minutes": None,
                "whole_window": False,
            },
            "label": {"kinds": ["off_net", "value_loss"], "max_vanished_share": 1.0},
            "check": {"max_refused_share": 1.0},
        }
        project.params_file.write_text(yaml.safe_dump(content))
        params = Params.model_validate(content)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CHURNLIGHT_PROJECT", str(project.root))
            inventory()
            check()
            for month in months:
                marts(month)
        return project, params

    def features(self, project: Project, params: Params, as_of: str) -> tuple[bytes, Any]:
        """The bytes of the feature file, and what the labels' table says of the window."""
        scored = params.model_copy(update={"as_ofs": {as_of: "score"}})
        window = window_of(project, scored, as_of)
        files.write_json(project.windows / f"as_of={as_of}.json", window)
        with pytest.MonkeyPatch.context() as patch:
            patch.setenv("CHURNLIGHT_PROJECT", str(project.root))
            features(as_of)
        labels = pq.read_table(project.labels(as_of) / "labels.parquet", partitioning=None)
        written = (project.features(as_of) / "features.parquet").read_bytes()
        return written, labels.select(WINDOW_COLUMNS).to_pylist()


def test_the_full_extracts_say_no_more_than_those_of_the_time(tmp_path: Path) -> None:
    hold_to_the_time(Case(3, tmp_path, as_ofs=1))


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(20, 26))
def test_at_many_more_random_as_ofs(seed: int, tmp_path: Path) -> None:
    hold_to_the_time(Case(seed, tmp_path, as_ofs=2))


def hold_to_the_time(case: Case) -> None:
    verdicts = [files.read_json(p) for p in (case.project.check / "cdr").glob("*.json")]
    for found in ("late", "refused", "unknown", "duplicates"):
        assert any(v[found] for v in verdicts)
    assert {d for v in verdicts for d in v["duplicates"]} == {"duplicate", "duplicate_differs"}
    for as_of in case.as_ofs:
        at = datetime.fromisoformat(as_of)
        cutoff = at + timedelta(days=case.close_days)
        known = cut(case.full, at, cutoff, case.delay_hours)
        taken = set(missing(case.full, known))
        assert taken >= {("row", n) for n in ROWS_CUT} | {("cell", n) for n in CELLS_CUT}
        months = tuple(m for m in MONTHS if f"{m}-01" < as_of)
        then = case.features(*case.make(f"cut {as_of}", known, months), as_of)
        now = case.features(case.project, case.params, as_of)
        assert len(now[1]) > 20
        assert now[1] == then[1]
        assert now[0] == then[0], _difference(case, as_of)


def _difference(case: Case, as_of: str) -> str:
    """Features that differ, for how many."""
    tables = [
        pq.read_table(case.root / name / f"data/features/as_of={as_of}/features.parquet")
        for name in ("full", f"cut {as_of}")
    ]
    now, then = (t.to_pydict() for t in tables)
    off = {
        name: sum(a != b for a, b in zip(values, then.get(name, values), strict=False))
        for name, values in now.items()
    }
    return str({name: count for name, count in off.items() if count or name not in then})
