"""A project of thirty subscribers, scored by the stages themselves, whose every row is known."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml

from churnlight.batch.run import Asked
from churnlight.batch.run import score as batch_score
from churnlight.explain.meaning import catalogue_meaning
from churnlight.files import sha256_of, write_json
from churnlight.learners import contract
from churnlight.learners.champion import Bundle
from churnlight.learners.dataset import Dataset
from churnlight.learners.stored import seal, seal_of
from churnlight.params.learning import GbmParams, TrainParams
from churnlight.params.whole import load
from churnlight.paths import Project
from churnlight.stages.check import check
from churnlight.stages.features import features
from churnlight.stages.inventory import inventory
from churnlight.stages.marts import marts
from churnlight.stages.score import score
from churnlight.stages.windows import window_of
from churnlight.tables.fitting import Settings, learn
from churnlight.watch.profile import reference_of
from scored_project import save_models

AS_OF = "2025-04-01"
MONTHS = ("2025-01", "2025-02", "2025-03")
PEOPLE = [f"s{number:02}" for number in range(30)]
WHO = "s07"
PARAMS = {
    "engine": {"threads": 1, "memory_limit_gb": 1.0},
    "extracts": {"path": "extracts", "months": list(MONTHS)},
    "cohort": {"min_monthly_bill": None, "min_voice_out_minutes": None},
    "check": {"max_refused_share": 1.0},
    "handout": {"cards": 2, "languages": ["en"]},
}
CDR = "subscriber_id,counterpart_id,kind,direction,started_at,duration_s,known_at,event_id"


def call(who: str, month: str, day: int, seconds: int = 60, known: str = "") -> str:
    return (
        f"{who},c{day % 5},voice,out,{month}-{day:02} 10:00:00,{seconds},{known},{who}{month}{day}"
    )


def cdr_of(month: str) -> list[str]:
    """Three calls each, in the order of PEOPLE: WHO has the data rows 21, 22 and 23."""
    return [call(who, month, day) for who in PEOPLE for day in (3, 11, 20)]


def write(root: Path, extract: str, month: str, header: str, rows: list[str]) -> Path:
    folder = root / "extracts" / extract / f"month={month}"
    folder.mkdir(parents=True, exist_ok=True)
    path = folder / "part.csv"
    path.write_text("\n".join([header, *rows]) + "\n")
    return path


def write_extracts(root: Path) -> None:
    for month in MONTHS:
        rows = cdr_of(month)
        if month == "2025-02":
            # Rows 90 to 92: a duplicate of row 22, one that lasted less than nothing, one that
            # came in long after February was closed.
            rows += [
                rows[22],
                call(WHO, month, 12, -5),
                call(WHO, month, 13, 60, "2025-03-20 08:00:00"),
            ]
        write(root, "cdr", month, CDR, rows)
        bills = [f"{who},{90 + place}.50," for place, who in enumerate(PEOPLE)]
        if month == "2025-03":
            # Known two days after the cutoff.
            bills[7] = f"{WHO},97.50,2025-04-08 00:00:00"
        write(root, "billing", month, "subscriber_id,total_charge,billed_at", bills)
        people = [f"{who},active,2023-05-0{1 + place % 9},go" for place, who in enumerate(PEOPLE)]
        write(root, "subscribers", month, "subscriber_id,status,activated_on,brand", people)
    folder = root / "extracts" / "holidays"
    folder.mkdir(parents=True)
    (folder / "part.csv").write_text("date,name\n2025-01-01,New Year\n")


@contextmanager
def leading_to(root: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("CHURNLIGHT_PROJECT", str(root))
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        yield


def make_scored(root: Path) -> Project:
    """Extracts, and every stage from the inventory to the score."""
    root.mkdir(parents=True)
    project = Project(root)
    (root / "dvc.yaml").write_text("stages: {}\n")
    project.params_file.write_text(yaml.safe_dump(PARAMS))
    write_extracts(root)
    with leading_to(root):
        inventory()
        check()
        for month in MONTHS:
            marts(month)
        # By hand, since a model of its own would ask for a year of months.
        params = load(project.params_file).model_copy(update={"as_ofs": {AS_OF: "score"}})
        name = f"as_of={AS_OF}"
        write_json(project.windows / f"{name}.json", window_of(project, params, AS_OF))
        features(AS_OF)
        made = {
            kind: root / "data" / kind / name / f"{kind}.parquet" for kind in ("features", "labels")
        }
        read = {kind: sha256_of(path) for kind, path in made.items()}
        write_json(project.roles / "score.json", {"role": "score", "as_ofs": {AS_OF: read}})
        bundle = bundle_of(made["features"])
        save_models(project, bundle)
        seal_with_contract(project, bundle)
        score()
    return project


def make_batch(root: Path) -> Project:
    """The same project, its month scored again by `churnlight score`; MLflow is left out."""
    project = Project(root)
    with leading_to(root), pytest.MonkeyPatch.context() as patch:
        patch.setattr("churnlight.batch.run.log_to_mlflow", lambda *_: None)
        asked = Asked(AS_OF, model=str(root / "models"), accept="calls on three days a month")
        assert not batch_score(project, asked).up_to_date
    return project


def seal_with_contract(project: Project, bundle: Bundle) -> None:
    """What the stage tiers writes beside the tiers, so that the batch takes the model."""
    params = load(project.params_file)
    under = {name: getattr(params, name) for name in contract.SECTIONS}
    contract.save(project.tiers, contract.contract(bundle.gbm.encoder, under))
    frame = pd.read_parquet(project.features(AS_OF) / "features.parquet")
    months = {AS_OF: frame.drop(columns="subscriber_id")}
    reference = reference_of(bundle, months, catalogue_meaning(), 1)
    write_json(project.tiers / "reference.json", reference.to_json())
    seal(project.tiers, {name: seal_of(project.model(name)) for name in ("gbm", "tree")})


def bundle_of(features_file: Path) -> Bundle:
    """A model on the feature table's own columns, by rows that were drawn from it."""
    draws = np.random.default_rng(5)
    frame = pd.read_parquet(features_file).drop(columns="subscriber_id")
    rows = draws.integers(len(frame), size=300)
    wide = frame.iloc[rows].reset_index(drop=True)
    churned = draws.random(300) < np.where(rows < 15, 0.1, 0.6)
    settings = Settings(train=TrainParams(gbm=GbmParams(max_rounds=10)), by_size=False)
    return learn(Dataset.of(wide, churned, range(300)), settings).bundle


def manifest_of(project: Project) -> dict:
    return json.loads((project.scores(AS_OF) / "manifest.json").read_text())
