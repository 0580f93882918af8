"""A small scored month on disk, as `churnlight score` leaves it, and a database to publish to."""

from __future__ import annotations

import json
import shutil
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from churnlight import files
from churnlight.paths import Project
from churnlight.publish import Published, Target, parse_target, publish

ROOT = Path(__file__).resolve().parents[2]
AS_OF = "2026-01-01"
TIERS = ("yellow", "red", "white")
PASSWORD = "s3cret-Zebra-91"  # noqa: S105 - of the tests' own server
SHA = "ab" * 32

# subscriber, tier, probability, bill, left before the cutoff
PEOPLE = (
    (101, "white", 0.90, 100.0, False),  # 90 at risk: second
    (102, "red", 0.50, 300.0, False),  # 150: first
    (103, "yellow", 0.20, None, False),  # no bill: last
    (104, "white", 0.95, 900.0, True),  # has left already
    (105, "blue", 0.01, 500.0, False),  # not on the list
)
PLACES = {101: 2, 102: 1, 103: 3, 104: None, 105: None}
_REASONS = (
    ("up", 1, "bill_falling", 0.4, "bill_last_over_mean_ratio", "0.62"),
    ("up", 2, "falling_silent", 0.2, "silent_out_days", "9"),
    ("down", 1, "contract_ending", 0.1, "contract_left_days", None),
)


def scores(people: tuple[Any, ...] = PEOPLE, as_of: str = AS_OF) -> pd.DataFrame:
    ids, tiers, probability, bills, left = zip(*people, strict=True)
    money = np.array([np.nan if b is None else b for b in bills])
    return pd.DataFrame(
        {
            "subscriber_id": list(ids),
            "as_of": as_of,
            "probability": list(probability),
            "tier": list(tiers),
            "probability_tree": 0.25,
            "tier_tree": "green",
            "leaf": 7,
            "models_apart": False,
            "monthly_bill_money": money,
            "value_at_risk_money": np.array(probability) * money,
            "left_before_cutoff": list(left),
        }
    )


def reasons(ids: list[Any]) -> pd.DataFrame:
    names = ("direction", "rank", "reason", "share", "feature", "value")
    rows = [
        {"subscriber_id": i, **dict(zip(names, row, strict=True)), "second": None, "quoted": None}
        for i in ids
        for row in _REASONS
    ]
    frame = pd.DataFrame(rows)
    return frame.astype({"second": "str", "quoted": "str", "value": "str"})


@dataclass(frozen=True)
class Model:
    name: str | None = "churnlight"
    version: str | None = "3"
    sha256: str = SHA

    @property
    def key(self) -> str:
        return f"v{self.version}.{self.sha256[:12]}" if self.version else self.sha256[:12]


def write(
    project: Project,
    frame: pd.DataFrame | None = None,
    *,
    said: pd.DataFrame | None = None,
    model: Model | None = Model(),
    as_of: str = AS_OF,
    listed: pd.DataFrame | None = None,
    parts: int = 1,
) -> Path:
    """A partition; without a model it has no manifest."""
    frame = scores(as_of=as_of) if frame is None else frame
    folder = project.scores(as_of)
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    said = reasons(frame["subscriber_id"].tolist()) if said is None else said
    _store(frame, folder / "scores.parquet", parts)
    _store(said, folder / "reasons.parquet", parts)
    if listed is not None:
        listed.to_parquet(folder / "call_list.parquet", index=False)
    (folder / "medians.json").write_text(json.dumps({"silent_out_days": 2.0}))
    if model is not None:
        hashes = {
            p.relative_to(folder).as_posix(): files.sha256_of(p)
            for p in sorted(folder.rglob("*"))
            if p.is_file()
        }
        files.write_json(
            folder / "manifest.json",
            {
                "schema_version": 1,
                "as_of": as_of,
                "cutoff": "2026-01-04 00:00:00",
                "model": {
                    "name": model.name,
                    "version": model.version,
                    "learner": "gbm",
                    "sha256": model.sha256,
                },
                "rows": {"scores": len(frame), "reasons": len(said)},
                "files": hashes,
            },
        )
    return folder


def _store(frame: pd.DataFrame, path: Path, parts: int) -> None:
    if parts == 1:
        frame.to_parquet(path, index=False)
        return
    path.mkdir()
    for number, rows in enumerate(np.array_split(np.arange(len(frame)), parts)):
        frame.iloc[rows].to_parquet(path / f"part-{number:05d}.parquet", index=False)


def make_project(folder: Path) -> Project:
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("params.yaml", "dvc.yaml"):
        shutil.copyfile(ROOT / name, folder / name)
    return Project(folder)


@dataclass(frozen=True)
class Base:
    """A database of its own with a writer who needs a password."""

    server: Any
    name: str
    user: str

    @property
    def address(self) -> str:
        return self.server.address(self.user, self.name)

    def target(self, **changes: Any) -> Target:
        return parse_target(self.address, **changes)

    def rows(self, query: str) -> list[tuple[Any, ...]]:
        with closing(self.server.admin(self.name)) as connection:
            return connection.execute(query).fetchall()

    def run(self, *statements: str) -> None:
        with closing(self.server.admin(self.name)) as connection:
            for statement in statements:
                connection.execute(statement)

    def state(self) -> list[Any]:
        """Everything that is published, with row versions: a row that is written anew differs."""
        query = "select xmin::text, t.* from churnlight.churnlight_{} t order by 2, 3, 4"
        tables = ("publications", "scores", "reasons", "feature_words", "meta")
        return [self.rows(query.format(table)) for table in tables]


def send(project: Project, target: Target, as_of: str = AS_OF) -> Published:
    return publish(project, as_of, target, TIERS)
