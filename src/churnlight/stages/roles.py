"""Stage roles: which feature and label files each role uses, by hash.

A role's consumers depend on its small file, so that a new test month retrains nothing.
"""

from __future__ import annotations

from pathlib import Path

from churnlight import files
from churnlight.params.data import TimeParams
from churnlight.params.population import LabelParams
from churnlight.paths import Project
from churnlight.stages.stage import log, main, running
from churnlight.timeline import ROLES, moment, outcome_known_at


def roles() -> None:
    """Write data/roles/{fit,calibrate,test,score}.json.

    Without a `calibrate` as_of the calibration is cross-fitted on fit's last as_of; without a
    `score` as_of the test as_of is scored.
    """
    with running("roles") as stage:
        by_role = {
            role: sorted(k for k, r in stage.value("as_ofs").items() if r == role) for role in ROLES
        }
        crossfit = not by_role["calibrate"]
        time = stage.section("time", TimeParams)
        label = stage.section("label", LabelParams)
        if not by_role["score"]:
            by_role["score"] = by_role["test"]
        with files.atomic_folder(stage.project.roles) as out:
            for role, as_ofs in by_role.items():
                content = {
                    "role": role,
                    "search": search_as_ofs(as_ofs, time, label) if role == "fit" else [],
                    "searches": searches(as_ofs, time, label) if role == "fit" else {},
                    "crossfit": crossfit and role in ("fit", "calibrate"),
                    "as_ofs": {as_of: _hashes(stage.project, role, as_of) for as_of in as_ofs},
                }
                files.write_json(out / f"{role}.json", content)
                log.info("  %s: %s", role, ", ".join(as_ofs) or "cross-fitted")


def _hashes(project: Project, role: str, as_of: str) -> dict[str, str]:
    """Of what is read, and not of what it was made from."""
    read = {
        "features": project.features(as_of) / "features.parquet",
        "labels": project.labels(as_of) / "labels.parquet",
    }
    # No model learns from who somebody is; how it treats them is looked at in these.
    if role in ("test", "score"):
        read["groups"] = project.groups(as_of)
    return {name: _hash(path) for name, path in read.items()}


def _hash(path: Path) -> str:
    return files.sha256_of_any(files.require_file(path, "features"))


def search_as_ofs(as_ofs: list[str], time: TimeParams, label: LabelParams) -> list[str]:
    """The fit as_ofs that pruning and stopping may learn from.

    Their labels were complete by the cutoff of the last one, on which rounds and pruning are
    judged; the others would know its outcome in part.
    """
    if not as_ofs:
        return []
    cutoff = moment(as_ofs[-1], time).cutoff
    spend = label.spend_churn_months
    return [a for a in as_ofs[:-1] if outcome_known_at(moment(a, time), time, spend) <= cutoff]


def searches(as_ofs: list[str], time: TimeParams, label: LabelParams) -> dict[str, list[str]]:
    """What each fit as_of may judge: see `search_as_ofs`; those that may judge nothing are out."""
    found = {a: search_as_ofs(as_ofs[: i + 1], time, label) for i, a in enumerate(as_ofs)}
    return {as_of: earlier for as_of, earlier in found.items() if earlier}


if __name__ == "__main__":
    main(roles)
