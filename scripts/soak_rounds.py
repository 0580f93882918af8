"""What one round of the soak does: undo a piece, run, kill at a random moment, run again, compare.

A project stands finished; a round takes back one of its stages (or the whole scored month), starts
the command, kills it with SIGKILL, starts it again as anybody would, and holds every file to those
of the undisturbed run. The next round goes on in the same folder.
"""

from __future__ import annotations

import contextlib
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "tests"), str(ROOT / "tests" / "batch")]
import batch_calls  # noqa: E402 - where the tests have it

from pipeline_calls import change, hashes, make, start  # noqa: E402

# The smallest demo that all stages can do with; two months' windows, one month's horizon.
SETTINGS = {
    "cohort.min_monthly_bill": "null",
    "cohort.min_voice_out_minutes": "null",
    "demo.subscribers": 600,
    "demo.months": 6,
    "demo.seed": 3,
    "engine.threads": 1,
    "evaluate.bootstrap": 100,
    "evaluate.min_segment_churners": 2,
    "handout.cards": 2,
    "time.horizon_months": 1,
    "time.window_months": 2,
    "train.gbm.max_rounds": 20,
    "train.min_churners": 1,
}
MONTHS = [f"2025-{number:02d}" for number in range(1, 6)]
ROLES = {"2025-03-01": "fit", "2025-04-01": "calibrate", "2025-05-01": "test"}
AS_OF = "2025-06-01"
LOCKS = ("dvc.lock", "demo/dvc.lock")
_STAGE = re.compile(r"Running stage '(?:[^':]*:)?([^']+)'")
_STEP = re.compile(r"score: (\w+)$", re.MULTILINE)
_ALONE = 0.125  # of the kills of `dvc repro`: the program alone, its stage goes on


@dataclass
class Round:
    """A kill and what became of it.

    Attributes:
        command: what was killed.
        hit: the stage or step that ran, by the log's last word.
        after_s: seconds from the start to the kill.
        alone: whether only the program was killed, not the stage that it had started.
        exit_code: of the plain run afterwards; None when another kill followed at once.
        differ: files that are not those of the undisturbed run.
        notes: what else was seen.
    """

    command: str
    hit: str
    after_s: float
    alone: bool = False
    exit_code: int | None = None
    differ: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    @property
    def right(self) -> bool:
        """Whether nothing was lost."""
        return not self.differ and self.exit_code in (0, None)


def make_tiny(folder: Path, **settings: object) -> Path:
    """A project on the smallest demo, nothing run yet."""
    make(folder, **(SETTINGS | settings))

    def few_months(content: dict[str, Any]) -> None:
        content["extracts"]["months"] = MONTHS
        content["as_ofs"] = {**ROLES, AS_OF: "score"}

    change(folder, few_months)
    return folder


def differing(expected: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Names of files that are missing, too many or of other bytes; also what a kill left."""
    return sorted(k for k in {**expected, **found} if expected.get(k) != found.get(k))


def kill(run: subprocess.Popen[bytes], *, alone: bool = False) -> bool:
    """SIGKILL a run and what it started, or the program alone; whether it still ran."""
    if run.poll() is not None:
        return False
    with contextlib.suppress(ProcessLookupError):
        (os.kill if alone else os.killpg)(run.pid, signal.SIGKILL)
    return run.wait() == -signal.SIGKILL


def runs_kept(folder: Path) -> int:
    """Runs in the project's MLflow store that nobody has deleted, plans' not counted.

    `churnlight run`, which mends what DVC tore, logs those; `dvc repro` does not.
    """
    if not (folder / "mlflow.db").exists():
        return 0
    with contextlib.closing(sqlite3.connect(folder / "mlflow.db")) as store:
        query = (
            "select count(*) from runs where lifecycle_stage = 'active' and name not like 'plan %'"
        )
        return int(store.execute(query).fetchone()[0])


@dataclass
class Repro:
    """Rounds of `dvc repro`.

    Attributes:
        folder: a project whose pipeline has run.
        expected: hash of each file of the undisturbed run.
        lasted: stage -> seconds from its start to the next one's.
        draw: of stages and moments.
    """

    folder: Path
    expected: Mapping[str, str]
    lasted: Mapping[str, float]
    draw: random.Random

    def round(self) -> Round | None:
        """One kill; None when the run was over before it."""
        stage = self.draw.choice(sorted(self.lasted))
        self._undo(stage)
        alone = self.draw.random() < _ALONE
        # Beyond the stage's own time, DVC puts its outputs into the cache and writes dvc.lock.
        wait = self.draw.uniform(0, 1.3 * self.lasted[stage])
        log = self.folder / ".work" / "soak.log"
        log.parent.mkdir(exist_ok=True)
        with log.open("wb") as said:
            began = time.monotonic()
            run = start(self.folder, said=said)
            _until(lambda: stage in stages_in(log), run)
            time.sleep(wait)
            after = round(time.monotonic() - began, 1)
            hit = (stages_in(log) or ["dvc"])[-1]
            if not kill(run, alone=alone):
                return _over(run, log)
        done = Round("dvc repro", hit, after, alone)
        self.again(done)
        return done

    def again(self, done: Round) -> None:
        """Run plainly, as somebody who finds the run gone; with what docs/reliability.md says."""
        code, said = run_plainly(self.folder)
        if code != 0 and "is being written by process" in said:
            done.notes.append("the stage went on alone; the run after it ended was whole")
            deadline = time.monotonic() + 300
            while code != 0 and "is being written by" in said and time.monotonic() < deadline:
                time.sleep(2)
                code, said = run_plainly(self.folder)
        if code != 0 and re.search(r"dvc\.lock' (?:is|validation)|Lockfile|RWLock-file", said):
            done.notes.append("DVC's dvc.lock or rwlock was torn; `churnlight run` mended it")
            code, said = run_plainly(self.folder, "churnlight", "run")
        done.exit_code, done.differ = code, differing(self.expected, hashes(self.folder))
        if code != 0:
            done.notes.append(said[-600:])
        elif runs_kept(self.folder) != 2:
            done.notes.append(f"MLflow keeps {runs_kept(self.folder)} runs; expected 2")
            done.differ.append("mlflow.db")

    def _undo(self, stage: str) -> None:
        """Make DVC forget that it ran a stage, so that it runs again, its outputs replaced."""
        for name in LOCKS:
            path = self.folder / name
            content = yaml.load(path.read_text(), Loader=yaml.CSafeLoader)
            if (left := content["stages"].pop(stage, None)) is None:
                continue
            path.write_text(yaml.dump(content, Dumper=yaml.CSafeDumper, sort_keys=False))
            for known in (self.folder / ".dvc" / "cache" / "runs").glob("*/*/*"):
                if known.read_text().startswith(f"cmd: {left['cmd']}\n"):
                    # DVC stumbles over a folder without any entry.
                    shutil.rmtree(known.parent)
        if stage == "track":
            (self.folder / "mlflow.db").unlink(missing_ok=True)
            shutil.rmtree(self.folder / "mlartifacts", ignore_errors=True)


@dataclass
class Score:
    """Rounds of `churnlight score`.

    Attributes:
        folder: see `batch_calls.copy_bare`; the month has been scored there once.
        expected: hash of each file of the partition.
        lasted: seconds of a run that builds everything.
        draw: of moments.
        as_of: the month that is scored.
    """

    folder: Path
    expected: Mapping[str, str]
    lasted: float
    draw: random.Random
    as_of: str = AS_OF

    @property
    def command(self) -> tuple[str, ...]:
        """What is killed."""
        return ("churnlight", "score", "--as-of", self.as_of, "--model", "models")

    def round(self) -> Round | None:
        """One kill; None when the run was over before it."""
        replaced = self.draw.random() < 0.4
        if not replaced:
            for name in ("data/batch", "data/scores"):
                shutil.rmtree(self.folder / name, ignore_errors=True)
            if self.draw.random() < 0.3:
                (self.folder / "mlflow.db").unlink(missing_ok=True)
        log = self.folder / "soak.log"
        with log.open("wb") as said:
            began = time.monotonic()
            run = start(self.folder, *self.command, *(["--force"] * replaced), said=said)
            time.sleep(self.draw.uniform(0.3, self.lasted * (0.6 if replaced else 1.05)))
            after = round(time.monotonic() - began, 1)
            if not kill(run):
                return _over(run, log)
        hit = (_STEP.findall(_read(log)) or ["start"])[-1]
        done = Round("churnlight score", hit, after)
        partition = batch_calls.partition(self.folder, self.as_of)
        if not batch_calls.whole(partition):
            done.differ.append("a part of a month was to be seen")
        if replaced and not partition.exists():
            done.notes.append("no month stood between the old one and the new one")
        done.exit_code, said = run_plainly(self.folder, *self.command)
        done.differ += differing(self.expected, batch_calls.hashes(partition))
        if done.exit_code != 0:
            done.notes.append(said[-600:])
        elif runs_kept(self.folder) != 1:
            done.notes.append(f"MLflow keeps {runs_kept(self.folder)} runs; expected 1")
            done.differ.append("mlflow.db")
        return done


def run_plainly(folder: Path, *command: str) -> tuple[int, str]:
    """Run to its end: exit code, and what it said."""
    log = folder / ".work" / "plain.log"
    log.parent.mkdir(exist_ok=True)
    with log.open("wb") as said:
        code = start(folder, *command, said=said).wait()
    return code, _read(log)


def run_calmly(folder: Path) -> dict[str, float]:
    """The undisturbed `dvc repro`: stage -> seconds from its start to the next one's.

    Raises:
        RuntimeError: when it failed.
    """
    moments: list[tuple[str, float]] = []
    run = start(folder, said=subprocess.PIPE)
    assert run.stdout is not None  # noqa: S101 - asked for
    said = []
    for line in run.stdout:
        said.append(line.decode(errors="replace"))
        if found := _STAGE.search(said[-1]):
            moments.append((found[1], time.monotonic()))
    run.stdout.close()
    if run.wait() != 0:
        raise RuntimeError("".join(said[-30:]))
    ends = [began for _, began in moments[1:]] + [time.monotonic()]
    return {name: end - began for (name, began), end in zip(moments, ends, strict=True)}


def _over(run: subprocess.Popen[bytes], log: Path) -> None:
    if run.returncode != 0:
        raise RuntimeError(f"failed without a kill: {_read(log)[-3000:]}")


def stages_in(log: Path) -> list[str]:
    """Stages that a `dvc repro` has begun, by its own words."""
    return _STAGE.findall(_read(log))


def _until(there: Callable[[], bool], run: subprocess.Popen[bytes]) -> None:
    while run.poll() is None and not there():
        time.sleep(0.02)


def _read(log: Path) -> str:
    return log.read_text(encoding="utf-8", errors="replace")
