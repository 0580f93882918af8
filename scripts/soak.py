"""Kill `dvc repro` and `churnlight score` at random moments, and hold what is left to a calm run.

`make soak`: every kill and what became of it goes to benchmarks/results/soak.json, and the figures
of docs/reliability.md are written from it. It may be stopped at any moment and started again: with
the same --work it goes on, and kills add up over runs. See soak_rounds.py for what a round does.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import os
import random
import shutil
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parent))
import soak_page
import soak_rounds as rounds

from churnlight import files
from churnlight.commit import source_sha256
from pipeline_calls import hashes, start

RESULTS = rounds.ROOT / "benchmarks" / "results" / "soak.json"


class Soak:
    """The two projects that are killed, and the list of kills."""

    def __init__(self, work: Path, results: Path, seed: int) -> None:
        self.work, self.results, self.draw = work, results, random.Random(seed)  # noqa: S311
        self.sources = source_sha256()[:12]
        self.kills: list[dict[str, Any]] = []
        if results.is_file():
            self.kills = json.loads(results.read_text()).get("kills", [])
        self.repro, self.score = self._calm()

    def _calm(self) -> tuple[rounds.Repro, rounds.Score]:
        """The undisturbed runs, made once a --work folder and state of the sources."""
        known = files.read_json_if_there(self.work / "calm.json")
        project, bare = self.work / "project", self.work / "bare"
        if known is None or known["sources"] != self.sources:
            for left in (project, bare):
                shutil.rmtree(left, ignore_errors=True)
            lasted = rounds.run_calmly(rounds.make_tiny(project))
            rounds.batch_calls.copy_bare(project, bare)
            began = time.monotonic()
            score = rounds.Score(bare, {}, 0.0, self.draw)
            code, said = rounds.run_plainly(bare, *score.command)
            if code != 0:
                raise RuntimeError(said)
            month = rounds.batch_calls.partition(bare, rounds.AS_OF)
            known = {
                "sources": self.sources,
                "repro": hashes(project),
                "lasted": lasted,
                "score": rounds.batch_calls.hashes(month),
                "score_lasted": time.monotonic() - began,
            }
            files.write_json(self.work / "calm.json", known)
        self.compared = {"dvc repro": len(known["repro"]), "churnlight score": len(known["score"])}
        return (
            rounds.Repro(project, known["repro"], known["lasted"], self.draw),
            rounds.Score(bare, known["score"], known["score_lasted"], self.draw),
        )

    def keep(self, done: rounds.Round) -> None:
        """Write a kill down; what is written survives the soak's own end."""
        self.kills.append({**dataclasses.asdict(done), "sources": self.sources})
        files.write_json(
            self.results,
            {
                "files_compared": self.compared,
                "subscribers": rounds.SETTINGS["demo.subscribers"],
                "kills": self.kills,
            },
        )
        outcome = "whole" if done.right else f"LOST {done.exit_code} {done.differ[:3]}"
        print(
            f"{len(self.kills)}: {done.command} in {done.hit}: {outcome} {done.notes}", flush=True
        )

    def mend(self, done: rounds.Round) -> None:
        """After a round that lost something, start from a fresh project; the loss stays counted."""
        if not done.right:
            (self.work / "calm.json").rename(self.work / f"calm-{len(self.kills)}.json")
            kept = self.work / f"lost-{len(self.kills)}"
            (self.repro.folder if done.command == "dvc repro" else self.score.folder).rename(kept)
            self.repro, self.score = self._calm()

    def from_nothing(self) -> None:
        """One project from nothing, killed again and again until its first run is through."""
        folder = self.work / "fresh"
        shutil.rmtree(folder, ignore_errors=True)
        rounds.make_tiny(folder)
        most = sum(self.repro.lasted.values()) / 5
        found = []
        while len(found) < 12:
            log = self.work / "fresh.log"
            with log.open("wb") as said:
                run = start(folder, said=said)
                wait = self.draw.uniform(1, most)
                time.sleep(wait)
                if not rounds.kill(run):
                    break
            hit = (rounds.stages_in(log) or ["dvc"])[-1]
            found.append(rounds.Round("dvc repro", hit, round(wait, 1), notes=["first run"]))
        if found:
            repro = rounds.Repro(folder, self.repro.expected, self.repro.lasted, self.draw)
            repro.again(found[-1])
            for done in found:
                self.keep(done)
            if found[-1].right:
                shutil.rmtree(folder)


def main() -> None:
    """Kill until there are enough kills, or the time is up."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--kills", type=int, default=100, help="in all, earlier runs' included")
    options.add_argument("--minutes", type=float, default=float("inf"), help="stop after these")
    options.add_argument("--work", type=Path, help="folder for the projects, kept for the next run")
    options.add_argument("--results", type=Path, default=RESULTS)
    options.add_argument("--fresh", type=int, default=1, help="projects killed from nothing on")
    options.add_argument("--anew", action="store_true", help="forget earlier runs' kills")
    options.add_argument("--seed", type=int, help="of stages and moments; by default the clock's")
    given = options.parse_args()
    os.nice(5)
    until = time.monotonic() + 60 * given.minutes
    if given.anew:
        given.results.unlink(missing_ok=True)
    with tempfile.TemporaryDirectory() as scratch:
        work = (given.work or Path(scratch)).resolve()
        work.mkdir(parents=True, exist_ok=True)
        soak = Soak(work, given.results, given.seed if given.seed is not None else time.time_ns())
        for _ in range(given.fresh):
            if len(soak.kills) < given.kills and time.monotonic() < until:
                soak.from_nothing()
        while len(soak.kills) < given.kills and time.monotonic() < until:
            done = (soak.repro if len(soak.kills) % 2 else soak.score).round()
            if done is not None:
                soak.keep(done)
                soak.mend(done)
    if given.results == RESULTS:
        soak_page.write()
    sys.exit(0 if all(soak_page.right(one) for one in soak.kills) else 1)


if __name__ == "__main__":
    main()
