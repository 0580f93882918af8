"""Stage score: each subscriber of the score as_of with probability, tier, tree's leaf and reasons.

Rows are read, scored, explained and written a batch at a time, so that memory does not grow with
the cohort; SHAP values are worked out once.
"""

from __future__ import annotations

from churnlight import files
from churnlight.learners.champion import FILE
from churnlight.learners.stored import read_stored
from churnlight.stages.datasets import read_role
from churnlight.stages.manifest import made_from, model_sha256, write_manifest
from churnlight.stages.partition import write_month
from churnlight.stages.stage import main, running


def score() -> None:
    """Write data/scores/as_of=.../, sorted by subscriber; earlier months stay.

    scores.parquet; reasons.parquet in long form; medians.json, the cohort's median by feature;
    importance.json, by feature, reason and family; plots/ of SHAP values; the call list as
    workbooks and as a page; movements between tiers; profile and drift; manifest.json, which says
    what it all was made from.
    """
    with running("score") as stage:
        role, as_ofs = read_role(stage.project, "score")
        models = stage.project.root / "models"
        learner = read_stored(stage.project.tiers / FILE)["champion"]
        # It is not registered yet: the stage track does that.
        model = dict.fromkeys(("name", "version", "run_id")) | {
            "learner": learner,
            "sha256": model_sha256(models),
        }
        for as_of in as_ofs:
            content = made_from(stage, as_of, model, role["as_ofs"][as_of])
            with files.atomic_folder(stage.project.scores(as_of)) as out:
                write_month(stage, as_of, out)
                write_manifest(out, content)


if __name__ == "__main__":
    main(score)
