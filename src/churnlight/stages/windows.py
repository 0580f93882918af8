"""Stage windows: one small file an as_of, with the hashes of all that its features and labels read.

An as_of depends on its own file and not on whole folders, so that adding a month reruns no older
as_of.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from churnlight import files
from churnlight.errors import UsageError
from churnlight.params.whole import Params, load
from churnlight.paths import Project
from churnlight.schema import MONTHLY
from churnlight.stages.stage import log, main, running
from churnlight.suppression import COPY, read_list
from churnlight.timeline import (
    Moment,
    Month,
    moment,
    months_between,
    outcome_end,
    require_history,
)


def windows() -> None:
    """Write data/windows/as_of=YYYY-MM-DD.json."""
    with running("windows") as stage:
        params = load(stage.project.params_file)
        if not params.as_ofs:
            raise UsageError("params.yaml: as_ofs is empty: `churnlight use DIR` fills it in")
        with files.atomic_folder(stage.project.windows) as out:
            for as_of in params.as_ofs:
                content = window_of(stage.project, params, as_of)
                files.write_json(out / f"as_of={as_of}.json", content)
        log.info("  %d as_ofs", len(params.as_ofs))


def window_of(project: Project, params: Params, as_of: str) -> dict[str, Any]:
    """What an as_of reads: months, and the hash of each month's mart and extracts.

    Raises:
        DataRefused: when a month is missing that its history or outcome needs.
    """
    at = moment(as_of, params.time)
    there = params.extracts.month_list
    outcome = outcome_end(at, params.label.spend_churn_months)
    require_history(at, there, label=params.as_ofs[as_of] != "score", outcome=outcome)
    label_months = label_reads(at, there, params.label.spend_churn.months)
    before = [m for m in (at.window[0] - 1,) if m in there]
    forgotten = read_list(project.inventory / COPY).sha256
    return {
        "as_of": as_of,
        "window": [str(m) for m in at.window],
        # Of the month before only who held which id.
        "before": [str(m) for m in before],
        "label_months": [str(m) for m in label_months],
        "marts": {str(m): _mart_hashes(project, m) for m in at.window},
        "extracts": {
            str(m): _extract_hashes(project, m, skip_cdr=m not in label_months)
            for m in sorted({*at.window, *label_months})
        },
        "snapshots_before": {
            str(m): files.sha256_of(_entry(project.inventory, "subscribers", m)) for m in before
        },
        "reference": files.sha256_of(project.inventory / "reference.json"),
        **({"suppression": forgotten} if forgotten else {}),
    }


def label_reads(at: Moment, there: tuple[Month, ...], spend_churn_months: int) -> tuple[Month, ...]:
    """The months after as_of that labels may look at: the longest kind's, those there are."""
    end = outcome_end(at, spend_churn_months)
    return tuple(m for m in months_between(at.as_of, end) if m in there)


def _mart_hashes(project: Project, month: Month) -> object:
    return files.read_json(project.mart(month) / "manifest.json")["files"]


def _extract_hashes(project: Project, month: Month, *, skip_cdr: bool) -> dict[str, str]:
    # Features read CDRs through the marts only; labels read the horizon's CDRs (silence).
    return {
        name: files.sha256_of(path)
        for name in MONTHLY
        if not (skip_cdr and name == "cdr")
        and (path := _entry(project.inventory, name, month)).exists()
    }


def _entry(inventory: Path, extract: str, month: Month) -> Path:
    return inventory / extract / f"month={month}.json"


if __name__ == "__main__":
    main(windows)
