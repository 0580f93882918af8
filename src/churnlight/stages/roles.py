"""Stage roles: which feature and label files each role uses, by hash.

A role's consumers depend on its small file, so that a new test month retrains nothing.
"""

from __future__ import annotations

from churnlight import files
from churnlight.stages.stage import log, main, running
from churnlight.timeline import ROLES


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
        if not by_role["score"]:
            by_role["score"] = by_role["test"]
        with files.atomic_folder(stage.project.roles) as out:
            for role, as_ofs in by_role.items():
                content = {
                    "role": role,
                    "crossfit": crossfit and role in ("fit", "calibrate"),
                    "as_ofs": {
                        as_of: {
                            "features": files.sha256_of_tree(stage.project.features(as_of)),
                            "labels": files.sha256_of_tree(stage.project.labels(as_of)),
                        }
                        for as_of in as_ofs
                    },
                }
                files.write_json(out / f"{role}.json", content)
                log.info("  %s: %s", role, ", ".join(as_ofs) or "cross-fitted")


if __name__ == "__main__":
    main(roles)
