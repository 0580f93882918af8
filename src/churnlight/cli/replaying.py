"""What `churnlight backtest` does: features and labels of all past as_ofs, then the models.

Features and labels are made by the stage `features` itself, in a project of their own below .work
that shares this one's marts. They are kept there and made again when what they rest on changes.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import yaml

import churnlight
from churnlight import files
from churnlight.assess.resampling import Resampled
from churnlight.backtest import ablation, planning, replay
from churnlight.errors import DataRefused, UsageError
from churnlight.learners.dataset import Dataset
from churnlight.learners.folds import split_stop
from churnlight.params.base import read_yaml
from churnlight.params.whole import Params, load
from churnlight.paths import Project, find_project
from churnlight.report.plots_backtest import write_backtest_plot
from churnlight.stages.datasets import read_labelled, read_role
from churnlight.stages.features import features
from churnlight.stages.origin import OF_FEATURES
from churnlight.stages.shadow import found_shadow, project_is
from churnlight.stages.windows import window_of
from churnlight.suppression import pointed_at

PARTS = ("months", "lead", "ablation")
# What the shadow shares with the project: read there, never written.
_SHARED = ("marts", "check", "inventory")
_LONGEST_GAP = 12


def run_backtest(parts: Sequence[str], gaps: Sequence[str]) -> dict[str, Any]:
    """Work out the parts and write data/backtest.

    Args:
        parts: of `PARTS`.
        gaps: months, for the lead-time curve.

    Returns:
        What was written, by part.

    Raises:
        UsageError: when a part or gap is none, or nothing has been run yet.
        DataRefused: when there are too few months.
    """
    asked = _asked(parts, gaps)
    project = find_project()
    params = load(project.params_file)
    files.require_file(project.inventory / "source.json", "inventory")
    simulated = bool(files.read_json(project.inventory / "source.json")["simulated"])
    found: dict[str, Any] = {}
    with files.lock(project.scratch / "locks" / "backtest.lock"):
        if "months" in parts:
            found["months"] = {"simulated": simulated, **_months(project, params)}
        if "lead" in parts:
            found["lead"] = {"simulated": simulated, **_lead(project, params, asked)}
        if "ablation" in parts:
            found["ablation"] = {"simulated": simulated, **ablated(project)}
        for name, content in found.items():
            files.write_json(project.backtest / f"{name}.json", content)
        drawn = {n: c for n, c in found.items() if n != "ablation"}
        if drawn:
            write_backtest_plot(drawn, project.backtest / "backtest.png")
    return found


def ablated(project: Project) -> dict[str, Any]:
    """What families of features add on the project's own roles, as ablation.json holds it."""
    found, held = ablate_project(project)
    return {
        "as_of": str(held.as_of[0]),
        "subscribers": len(held),
        "churners": held.churners,
        "families": ablation.table(found, list(held.frame.columns)),
    }


def ablate_project(project: Project) -> tuple[Resampled[tuple[str, str]], Dataset]:
    """See `ablation.ablate`; with the rows of the test as_of.

    Raises:
        ChurnlightError: when the roles have not been built yet.
    """
    params = load(project.params_file)
    role, fit = read_role(project, "fit")
    treated = params.train.treated
    held = read_labelled(project, read_role(project, "test")[1][-1:], treated)
    parts = split_stop(read_labelled(project, fit, treated), params.train.seed, role["search"])
    threads = params.engine.threads or 0
    return ablation.ablate(parts, held, params.train, params.evaluate, threads), held


def _months(project: Project, params: Params) -> dict[str, Any]:
    shadow = _Shadow(project, params, params.time.gap_months)
    plans = shadow.plans()
    if not plans:
        raise DataRefused(
            f"{len(params.extracts.months)} months are too few for a backtest: no as_of has its "
            "own outcome, and before it one whose label was complete; give more months"
        )
    return replay.over_time(plans, shadow.load, _settings(params))


def _lead(project: Project, params: Params, gaps: Sequence[int]) -> dict[str, Any]:
    """The newest as_of that every gap can be tested at."""
    shadows = {gap: _Shadow(project, params, gap) for gap in gaps}
    plans = {gap: {p.test: p for p in shadow.plans()} for gap, shadow in shadows.items()}
    common = set.intersection(*(set(of) for of in plans.values())) if plans else set()
    if not common:
        raise DataRefused(
            f"{len(params.extracts.months)} months are too few for gaps of "
            f"{', '.join(map(str, gaps))} months: name shorter ones with --gaps, or give more "
            "months"
        )
    newest = max(common)
    at_once = {gap: (plans[gap][newest], shadows[gap].load) for gap in gaps}
    return {"as_of": newest, "gaps": replay.with_gaps(at_once, _settings(params))}


def _settings(params: Params) -> replay.Settings:
    return replay.Settings(
        params.train,
        params.calibrate,
        params.tiers,
        params.evaluate,
        params.engine.threads or 0,
    )


def _asked(parts: Sequence[str], gaps: Sequence[str]) -> list[int]:
    if unknown := [p for p in parts if p not in PARTS]:
        raise UsageError(f"--parts: {', '.join(unknown)} is none of {', '.join(PARTS)}")
    if not parts:
        raise UsageError(f"--parts is empty: name some of {', '.join(PARTS)}")
    if wrong := [g for g in gaps if not g.isdecimal() or int(g) > _LONGEST_GAP]:
        raise UsageError(f"--gaps: {', '.join(wrong)} is no number of months (0 to 12)")
    if not gaps and "lead" in parts:
        raise UsageError("--gaps is empty: name months, such as 0,1,2")
    return sorted({int(g) for g in gaps})


class _Shadow:
    """A project of its own with all past as_ofs, labelled with one gap, on the same marts."""

    def __init__(self, project: Project, params: Params, gap: int) -> None:
        self.project = Project(project.scratch / "backtest" / f"gap={gap}")
        time = params.time.model_copy(update={"gap_months": gap})
        spend = params.label.spend_churn_months
        self._as_ofs = planning.testable(params.extracts.month_list, time, spend)
        self._time, self._spend = time, spend
        self._code = _code(project)
        self._params = params.model_copy(
            update={"time": time, "as_ofs": dict.fromkeys(self._as_ofs, "test")}
        )
        self._found(project, gap)

    def plans(self) -> list[planning.Plan]:
        """A plan an as_of that has one, rising."""
        found = (planning.plan(a, self._as_ofs, self._time, self._spend) for a in self._as_ofs)
        return [p for p in found if p is not None]

    def load(self, as_ofs: Sequence[str]) -> Dataset:
        """The labelled rows; built first where they are missing or out of date."""
        for as_of in as_ofs:
            self._build(as_of)
        return read_labelled(self.project, list(as_ofs), self._params.train.treated)

    def _found(self, project: Project, gap: int) -> None:
        """Write its params.yaml and link the marts."""
        content = pointed_at(project, read_yaml(project.params_file))
        content["extracts"] |= {"path": str(project.extracts(content["extracts"]["path"]))}
        content["time"] = {**content.get("time", {}), "gap_months": gap}
        # The roles of this file are not used: `plans` has them.
        content.pop("as_ofs", None)
        shared = {f"data/{name}": project.data / name for name in _SHARED}
        found_shadow(self.project.root, content, shared)

    def _build(self, as_of: str) -> None:
        window = window_of(self.project, self._params, as_of)
        key = {"rests_on": self._hash(window)}
        file = self.project.windows / f"as_of={as_of}.json"
        stamp = self.project.windows / f"as_of={as_of}.built.json"
        if stamp.exists() and files.read_json(stamp) == key:
            return
        files.write_json(file, window)
        with project_is(self.project.root):
            features(as_of)
        files.write_json(stamp, key)

    def _hash(self, window: dict[str, Any]) -> str:
        sections = self._params.model_dump(mode="json", include=set(OF_FEATURES))
        return files.sha256_of_json([window, sections, self._code])


def _code(project: Project) -> dict[str, str]:
    """Hash of each source file that the stage `features` depends on, as dvc.yaml lists them."""
    stages = yaml.safe_load((project.root / "dvc.yaml").read_text(encoding="utf-8"))["stages"]
    source = Path(churnlight.__file__).parents[1]
    paths = [str(d) for d in stages["features"]["do"]["deps"] if str(d).startswith("src/")]
    found = {p: source.parent / p for p in paths}
    return {
        p: files.sha256_of(path) if path.is_file() else _python(path) for p, path in found.items()
    }


def _python(folder: Path) -> str:
    sums = [files.sha256_of(path) for path in sorted(folder.rglob("*.py"))]
    return hashlib.sha256("".join(sums).encode()).hexdigest()


def lines(found: dict[str, Any]) -> list[str]:
    """A short table of what was found, for people."""
    out = []
    if any(part["simulated"] for part in found.values()):
        out.append("Simulated operator: these figures say nothing about accuracy in the field.")
    if "months" in found:
        out += ["", "Model made for the month, ROC AUC (95 % interval): LightGBM | decision tree"]
        out += [f"  {m['as_of']}  {_both(m)}" for m in found["months"]["months"]]
        out += [f"  {s['as_of']}  no model: {s['why']}" for s in found["months"]["skipped"]]
        if ageing := found["months"]["ageing"]:
            first = found["months"]["frozen"]
            out += ["", f"The model of {first}, ROC AUC less the fresh model's"]
            out += [
                f"  {a['as_of']}, {a['age_months']} months old  {_both(a, 'minus_fresh', '+')}"
                for a in ageing
                if a["made_for"] == first
            ]
    if "lead" in found:
        out += ["", f"Warning at {found['lead']['as_of']}, so many months ahead, ROC AUC"]
        out += [f"  {g['gap_months']} months  {_both(g)}" for g in found["lead"]["gaps"]]
    if "ablation" in found:
        out += ["", f"What a family adds at {found['ablation']['as_of']}, ROC AUC"]
        out += [
            f"  {a['family']} ({a['features']} features), {a['learner']}: "
            f"{_figure(a['adds']['roc_auc'], '+')}"
            for a in found["ablation"]["families"]
        ]
    return [*out, "", "Written to data/backtest"]


def _both(entry: dict[str, Any], what: str = "models", sign: str = "") -> str:
    return " | ".join(_figure(entry[what][name]["roc_auc"], sign) for name in ("gbm", "tree"))


def _figure(figure: dict[str, float | None], sign: str = "") -> str:
    value, low, high = (
        "-" if figure[k] is None else f"{figure[k]:{sign}.3f}" for k in ("value", "low", "high")
    )
    return f"{value} ({low} to {high})"
