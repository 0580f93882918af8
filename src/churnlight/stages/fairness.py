"""Part of the stages evaluate and score: how area, age band, sex and brand are treated."""

from __future__ import annotations

from pathlib import Path

import pandas as pd

from churnlight import files
from churnlight.assess.fairness import fairness
from churnlight.features.catalogue import CATALOGUE
from churnlight.learners.champion import Bundle
from churnlight.paths import Project
from churnlight.stages.datasets import read_groups

FILE = "fairness.json"


def write_fairness(
    project: Project, as_of: str, rows: pd.DataFrame, bundle: Bundle, out: Path
) -> None:
    """Write fairness.json into a folder.

    Args:
        project: with the groups of the as_of.
        as_of: which.
        rows: see `assess.fairness.fairness`.
        bundle: that scored them.
        out: the folder.
    """
    weighed = set(bundle.gbm.encoder.names)
    personal = [f.personal for f in CATALOGUE if f.personal is not None and f.name in weighed]
    names = bundle.scales[bundle.champion].tiers.names
    content = fairness(rows, read_groups(project, as_of), names, personal)
    files.write_json(out / FILE, {"as_of": as_of, **content})
