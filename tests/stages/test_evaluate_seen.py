"""Who stood in a fit as_of: only those whom a model could learn from."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest

from churnlight import files
from churnlight.paths import Project
from churnlight.stages.evaluate import learned_from


@pytest.fixture
def project(tmp_path: Path) -> Project:
    made = Project(tmp_path)
    months = {
        "2025-04-01": ([1, 2, 3], [True, None, False], [False, False, True]),
        "2025-05-01": ([2, 4], [False, None], [False, False]),
        # Of no role fit: nobody learned from it.
        "2025-07-01": ([9], [True], [False]),
    }
    files.write_json(
        made.roles / "fit.json", {"as_ofs": {a: {} for a in ("2025-04-01", "2025-05-01")}}
    )
    for as_of, (ids, churned, treated) in months.items():
        made.labels(as_of).mkdir(parents=True)
        table = pd.DataFrame(
            {
                "subscriber_id": ids,
                "churned": pd.array(churned, dtype="boolean"),
                "treated": treated,
            }
        )
        table.to_parquet(made.labels(as_of) / "labels.parquet")
    return made


def test_without_a_label_nobody_was_learned_from(project: Project) -> None:
    assert learned_from(project, "keep") == {1, 2, 3}


def test_the_treated_were_not_learned_from_where_they_are_dropped(project: Project) -> None:
    assert learned_from(project, "drop") == {1, 2}
