"""Stage explain: SHAP values and reasons for everyone scored, by LightGBM."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.parquet as pq

from churnlight import files
from churnlight.explain.reasons import Meaning
from churnlight.explain.reasons import explain as explain_rows
from churnlight.features.catalogue import CATALOGUE
from churnlight.learners import gbm
from churnlight.params.data import EngineParams
from churnlight.params.learning import ExplainParams
from churnlight.stages.datasets import read_as_of, read_role
from churnlight.stages.stage import main, report_rows, running


def explain() -> None:
    """Write data/explanations: importance.json, and reasons.parquet in long form."""
    with running("explain") as stage:
        threads = stage.section("engine", EngineParams).threads or 0
        _, as_ofs = read_role(stage.project, "score")
        frame, people = read_as_of(stage.project, as_ofs[-1])
        meaning = Meaning(
            reason={f.name: f.reason for f in CATALOGUE},
            family={f.name: f.family for f in CATALOGUE},
        )
        reasons, importance = explain_rows(
            gbm.load(stage.project.model("gbm")),
            frame,
            people["subscriber_id"].to_numpy(),
            meaning,
            stage.section("explain", ExplainParams),
            threads,
        )
        with files.atomic_folder(stage.project.explanations) as out:
            table = pa.Table.from_pandas(reasons, preserve_index=False)
            pq.write_table(table, out / "reasons.parquet", compression="zstd")
            files.write_json(out / "importance.json", importance)
        report_rows("reasons", len(reasons))


if __name__ == "__main__":
    main(explain)
