"""The batch's own project folder, data/batch: the months it needs, and what it built of them.

What the pipeline has made already and is still up to date is linked, not made again; the pipeline's
own folders are only read, so that `dvc repro` and the batch never overwrite each other.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

from churnlight import files
from churnlight.batch.model import Model
from churnlight.check.month import QUARANTINE_FILE, quarantine_folder
from churnlight.check.verdict import verdict_file
from churnlight.inventory import (
    activity_extract,
    files_of,
    is_simulated,
    months_of,
    take_inventory,
)
from churnlight.params.base import read_yaml
from churnlight.params.whole import Params, load
from churnlight.paths import Project
from churnlight.schema import EXTRACTS, MONTHLY
from churnlight.stages.marts import marts
from churnlight.stages.origin import OF_FEATURES, features_origin, is_from, mart_origin
from churnlight.stages.shadow import found_shadow, link_to
from churnlight.stages.windows import window_of
from churnlight.suppression import keep_copy, pointed_at, project_list
from churnlight.timeline import Moment, Month, moment, outcome_end

# Older months are not needed, but say what is usual.
_REMEMBERED = 24


@dataclass(frozen=True)
class Workspace:
    """The batch's project.

    Attributes:
        project: the user's.
        own: the batch's.
        extracts: the operator's folder.
        at: the as_of that is scored.
        matured: earlier scored as_ofs whose outcome is looked at.
        needed: months that are read, rising.
        remembered: earlier months, of which only what was found before is looked at.
    """

    project: Project
    own: Project
    extracts: Path
    at: Moment
    matured: tuple[str, ...]
    needed: tuple[Month, ...]
    remembered: tuple[Month, ...]

    @cached_property
    def params(self) -> Params:
        """The workspace's parameters, as `open_workspace` wrote them."""
        return load(self.own.params_file)

    @property
    def mart_months(self) -> tuple[Month, ...]:
        """Months whose marts are read: those of the windows."""
        time = self.params.time
        found = {*self.at.window}
        for as_of in self.matured:
            found |= {*moment(as_of, time).window}
        return tuple(sorted(found))


def open_workspace(
    project: Project,
    extracts: Path,
    at: Moment,
    model: Model,
    matured: Sequence[str] = (),
    engine: str | None = None,
) -> Workspace:
    """Write the workspace's parameters and links.

    Args:
        project: the user's.
        extracts: the operator's folder.
        at: the as_of to score.
        model: to score with.
        matured: earlier scored as_ofs whose outcome is to be looked at.
        engine: duckdb or spark instead of what the parameters say.
    """
    params = load(project.params_file)
    own = Project(project.batch)
    there = _complete_months(extracts, at)
    needed = _needed(params, at, matured, there)
    known = {m for p in (project, own) for m in _inventoried(p)}
    remembered = tuple(m for m in there if m < needed[0] and m in known)[-_REMEMBERED:]
    content = pointed_at(project, read_yaml(project.params_file))
    content["extracts"] = {
        **content.get("extracts", {}),
        "path": str(extracts),
        "months": [str(m) for m in (*remembered, *needed)],
    }
    # Outcomes may be looked at in any order of time: roles are checked where models are made.
    content.pop("as_ofs", None)
    if engine is not None:
        content["engine"] = {**content.get("engine", {}), "name": engine}
    project.scores(at.key).parent.mkdir(parents=True, exist_ok=True)
    links = {"models": model.folder, "data/scores": project.scores(at.key).parent}
    found_shadow(own.root, content, links)
    return Workspace(project, own, extracts, at, tuple(matured), needed, remembered)


def take_stock(space: Workspace) -> None:
    """Write the inventory: hashes of the needed months, and what was known of earlier ones.

    Raises:
        DataRefused: when a needed month has no subscribers or no CDRs; names the path and the
            months found.
    """
    content = take_inventory(space.extracts, space.needed)
    for month in space.remembered:
        for name in MONTHLY:
            entry = f"{name}/month={month}.json"
            known = [p.inventory / entry for p in (space.own, space.project)]
            found = next((path for path in known if path.is_file()), None)
            content[entry] = (
                files.read_json(found)
                if found
                else {"extract": name, "month": str(month), "files": []}
            )
    with files.atomic_folder(space.own.inventory) as out:
        for name, part in content.items():
            files.write_json(out / name, part)
        files.write_json(out / "source.json", {"simulated": is_simulated(space.extracts)})
        keep_copy(out, project_list(space.own))


def take_over_verdicts(space: Workspace) -> None:
    """Copy the pipeline's verdicts where the batch has none; the check sees if they still hold."""
    months: list[Month | None] = [*space.remembered, *space.needed]
    for name, extract in EXTRACTS.items():
        for month in months if extract.monthly else [None]:
            theirs = verdict_file(space.project.check, name, month)
            own = verdict_file(space.own.check, name, month)
            if own.exists() or not theirs.is_file():
                continue
            removed, kept = (
                quarantine_folder(p.quarantine, name, month) / QUARANTINE_FILE
                for p in (space.project, space.own)
            )
            if removed.is_dir():
                shutil.copytree(removed, kept, dirs_exist_ok=True)
            elif removed.is_file():
                with files.atomic_file(kept) as part:
                    shutil.copyfile(removed, part)
            # Last: a verdict without its quarantine would be made again.
            files.write_json(own, files.read_json(theirs))


def make_marts(space: Workspace) -> dict[str, str]:
    """Link or build the windows' marts; others are linked where there are any.

    Returns:
        Month -> "linked", "kept" (built by an earlier batch) or "built".
    """
    params, done = space.params, {}
    for month in space.mart_months:
        wanted = mart_origin(space.own, month, params.circle, params.time, params.engine.name)
        own, theirs = space.own.mart(month), space.project.mart(month)
        if is_from(own, wanted):
            done[str(month)] = "linked" if own.is_symlink() else "kept"
        elif is_from(theirs, wanted):
            _link_instead(own, theirs)
            done[str(month)] = "linked"
        else:
            _unlink(own)
            marts(str(month))
            done[str(month)] = "built"
    # They say what is usual.
    for month in (*space.remembered, *space.needed):
        own, theirs = space.own.mart(month), space.project.mart(month)
        if not own.is_dir() and (theirs / "manifest.json").is_file():
            _link_instead(own, theirs)
    return done


def write_window(space: Workspace, as_of: str, *, label: bool) -> dict[str, Any]:
    """Write the small file with the hashes of all that an as_of reads.

    The snapshot of month T itself is looked at where it is there already: it says who has left
    since as_of, and stands on no call list.

    Args:
        space: the workspace.
        as_of: which.
        label: whether its outcome is looked at.
    """
    params = space.params
    at = moment(as_of, params.time)
    role = params.model_copy(update={"as_ofs": {as_of: "test" if label else "score"}})
    content = window_of(space.own, role, as_of)
    if not label:
        content["label_months"] = []
        newer = files_of(space.extracts, "subscribers", at.month)
        # Where month T is the whole horizon, its snapshot would look like the outcome.
        if newer and outcome_end(at, params.label.spend_churn_months) > at.month.end:
            content["label_months"] = [str(at.month)]
            content["since_as_of"] = {path.name: files.sha256_of(path) for path in newer}
    files.write_json(space.own.windows / f"as_of={as_of}.json", content)
    return content


def features_are_current(space: Workspace, as_of: str) -> bool:
    """Whether features and labels of an as_of need not be made: the batch's or the pipeline's."""
    return _current(space, as_of, ("features", "labels"))


def labels_are_current(space: Workspace, as_of: str) -> bool:
    """Whether the labels of an as_of need not be made: the batch's or the pipeline's."""
    return _current(space, as_of, ("labels",))


def _current(space: Workspace, as_of: str, kinds: Sequence[str]) -> bool:
    params = space.params
    sections = {n: getattr(params, n) for n in OF_FEATURES}
    wanted = features_origin(space.own, as_of, sections, params.engine.name)
    own, theirs = ([getattr(p, kind)(as_of) for kind in kinds] for p in (space.own, space.project))
    if all(is_from(folder, wanted) for folder in own):
        return True
    if all(is_from(folder, wanted) for folder in theirs):
        for folder, target in zip(own, theirs, strict=True):
            _link_instead(folder, target)
        return True
    for folder in own:
        _unlink(folder)
    return False


def _complete_months(extracts: Path, at: Moment) -> tuple[Month, ...]:
    """Months before T that have subscribers and activity."""
    activity = activity_extract(extracts)
    both = set(months_of(extracts, "subscribers")) & set(months_of(extracts, activity))
    return tuple(sorted(m for m in both if m.end <= at.as_of))


def _needed(
    params: Params, at: Moment, matured: Iterable[str], there: Sequence[Month]
) -> tuple[Month, ...]:
    """Window months, whether there or not, the one before, and those of outcomes."""
    needed = set(at.window)
    needed |= {m for m in (at.window[0] - 1,) if m in there}
    for as_of in matured:
        past = moment(as_of, params.time)
        needed |= {m for m in there if past.window[0] - 1 <= m}
    return tuple(sorted(needed))


def _inventoried(project: Project) -> set[Month]:
    found = (project.inventory / "subscribers").glob("month=*.json")
    return {Month.parse(path.stem.removeprefix("month=")) for path in found}


def _link_instead(own: Path, theirs: Path) -> None:
    if own.is_dir() and not own.is_symlink():
        shutil.rmtree(own)
    link_to(own, theirs)


def _unlink(own: Path) -> None:
    if own.is_symlink():
        own.unlink()
