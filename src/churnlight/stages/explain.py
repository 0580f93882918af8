"""Stage explain: what weighs overall, for the data scientist; the reasons are score's work."""

from __future__ import annotations

import shutil
from typing import Any

from churnlight import files
from churnlight.paths import Project
from churnlight.stages.datasets import read_role
from churnlight.stages.handing import PLOTS, PLOTS_FILE
from churnlight.stages.stage import main, running


def explain() -> None:
    """Write data/explanations.

    importance.json, by feature, of the newest scored month; importance_by_group.json, by reason and
    family; importance_over_months.json, by feature for every month scored; plots/ with plots.json.
    """
    with running("explain") as stage:
        _, as_ofs = read_role(stage.project, "score")
        newest = _importance(stage.project, as_ofs[-1])
        with files.atomic_folder(stage.project.explanations) as out:
            files.write_json(out / "importance.json", newest["features"])
            groups = {name: newest[name] for name in ("reasons", "families")}
            files.write_json(out / "importance_by_group.json", groups)
            files.write_json(out / "importance_over_months.json", over_months(stage.project))
            # Drawn once, by score, which hands them to the retention team too.
            scored = stage.project.scores(as_ofs[-1])
            shutil.copytree(scored / PLOTS, out / PLOTS)
            shutil.copyfile(scored / PLOTS_FILE, out / PLOTS_FILE)


def over_months(project: Project) -> dict[str, dict[str, float]]:
    """Mean |SHAP value| by scored as_of and feature, as the model of the time had it."""
    found = {}
    for folder in sorted(project.data.joinpath("scores").glob("as_of=*")):
        if (folder / "importance.json").is_file():  # months of an older version have none
            content: dict[str, Any] = files.read_json(folder / "importance.json")
            found[folder.name.removeprefix("as_of=")] = {
                row["feature"]: row["mean_abs_shap"] for row in content["features"]
            }
    return found


def _importance(project: Project, as_of: str) -> dict[str, Any]:
    found: dict[str, Any] = files.read_json(
        files.require_file(project.scores(as_of) / "importance.json", "score")
    )
    return found


if __name__ == "__main__":
    main(explain)
