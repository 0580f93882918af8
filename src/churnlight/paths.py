"""Where everything stands below the project's folder. The only place that knows these names."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from churnlight.errors import UsageError
from churnlight.timeline import Month


@dataclass(frozen=True)
class Project:
    """A folder with params.yaml and dvc.yaml, and the places inside it."""

    root: Path

    @property
    def params_file(self) -> Path:
        """params.yaml."""
        return self.root / "params.yaml"

    @property
    def data(self) -> Path:
        """Everything that stages write, models and the report apart."""
        return self.root / "data"

    @property
    def home(self) -> Path:
        """The user's folder: `root`, or the clone that `dvc exp run --temp` made `root` from."""
        for parent in self.root.parents:
            if parent.parts[-3:] == (".dvc", "tmp", "exps"):
                return parent.parents[2]
        return self.root

    def extracts(self, path: str) -> Path:
        """`extracts.path`, resolved against the project when it is relative.

        A relative path that leaves the project starts at `home`: a temporary copy stands elsewhere.
        """
        inside = (self.root / Path(path).expanduser()).resolve()
        return (
            inside
            if inside.is_relative_to(self.root)
            else (self.home / Path(path).expanduser()).resolve()
        )

    @property
    def inventory(self) -> Path:
        """One JSON a month and extract, and reference.json: hashes of the extracts' files."""
        return self.data / "inventory"

    @property
    def check(self) -> Path:
        """One JSON a month: what was kept, removed and refused."""
        return self.data / "check"

    def activity(self, month: Month) -> Path:
        """What a month's mart depends on: verdict, hash of its files, whether it is restated."""
        return self.check / "activity" / f"month={month}.json"

    @property
    def quarantine(self) -> Path:
        """Refused rows with reason, file and row number."""
        return self.data / "quarantine"

    @property
    def marts(self) -> Path:
        """The folder of all months' marts."""
        return self.data / "marts"

    def mart(self, month: Month) -> Path:
        """edges.parquet, usage.parquet, circle.parquet, volume.parquet, manifest.json."""
        return self.marts / f"month={month}"

    @property
    def windows(self) -> Path:
        """One JSON an as_of: hashes of all that its features and labels read."""
        return self.data / "windows"

    def features(self, as_of: str) -> Path:
        """features.parquet of an as_of, one row a cohort member."""
        return self.data / "features" / f"as_of={as_of}"

    def labels(self, as_of: str) -> Path:
        """labels.parquet and attrition.json of an as_of."""
        return self.data / "labels" / f"as_of={as_of}"

    def groups(self, as_of: str) -> Path:
        """Who the members of an as_of are, for the section on fairness."""
        return self.labels(as_of) / "groups.parquet"

    @property
    def roles(self) -> Path:
        """One JSON a role: its as_ofs, their files and hashes."""
        return self.data / "roles"

    def model(self, learner: str) -> Path:
        """models/tree or models/gbm."""
        return self.root / "models" / learner

    @property
    def tiers(self) -> Path:
        """Calibration and cuts, tiers.json."""
        return self.root / "models" / "tiers"

    @property
    def evaluation(self) -> Path:
        """Predictions on the test as_of, metrics and curves."""
        return self.data / "evaluation"

    @property
    def metrics(self) -> Path:
        """Flat numbers for `dvc metrics`."""
        return self.data / "metrics.json"

    @property
    def explanations(self) -> Path:
        """Importance, by feature and over months, and plots of SHAP values."""
        return self.data / "explanations"

    def scores(self, as_of: str) -> Path:
        """Scores, reasons, medians and importance of an as_of."""
        return self.data / "scores" / f"as_of={as_of}"

    @property
    def scored(self) -> tuple[str, ...]:
        """The as_ofs that have scores, in order of time."""
        found = (self.data / "scores").glob("as_of=*/scores.parquet")
        return tuple(sorted(path.parent.name.removeprefix("as_of=") for path in found))

    def plan(self, as_of: str) -> Path:
        """plan.parquet and plan.json of an as_of."""
        return self.data / "plans" / f"as_of={as_of}"

    @property
    def planned(self) -> tuple[str, ...]:
        """The as_ofs that have a plan, in order of time."""
        found = (self.data / "plans").glob("as_of=*/plan.parquet")
        return tuple(sorted(path.parent.name.removeprefix("as_of=") for path in found))

    @property
    def plots(self) -> Path:
        """PNG files for `dvc plots`."""
        return self.data / "plots"

    @property
    def report(self) -> Path:
        """The HTML report."""
        return self.root / "reports" / "churnlight.html"

    @property
    def tracking(self) -> Path:
        """What the last stage logged to MLflow."""
        return self.data / "tracking" / "runs.json"

    @property
    def gate(self) -> Path:
        """What the gate to champion decided."""
        return self.tracking.with_name("gate.json")

    @property
    def pending(self) -> Path:
        """Why the last stage could not reach MLflow's server; not there once it has it all."""
        return self.tracking.with_name("pending.json")

    @property
    def kpi(self) -> Path:
        """The retention KPI of every base month and month, kpi.json."""
        return self.data / "kpi" / "kpi.json"

    @property
    def backtest(self) -> Path:
        """What `churnlight backtest` found, and the features and labels that it built."""
        return self.data / "backtest"

    def segments(self, as_of: str) -> Path:
        """Segments of an as_of, and the services that fit each subscriber."""
        return self.data / "segments" / f"as_of={as_of}"

    def tariffs(self, as_of: str) -> Path:
        """What each subscriber of an as_of would pay under every plan."""
        return self.data / "tariffs" / f"as_of={as_of}"

    def handsets(self, as_of: str) -> Path:
        """Who of an as_of is likely to change handset, and to which."""
        return self.data / "handsets" / f"as_of={as_of}"

    @property
    def batch(self) -> Path:
        """What `churnlight score` builds: a project folder of its own inside this one."""
        return self.data / "batch"

    def run_record(self, stage: str) -> Path:
        """When and by which code a stage ran last here; no output, so DVC knows nothing of it."""
        return self.root / "logs" / "runs" / f"{stage}.json"

    @property
    def scratch(self) -> Path:
        """Spill files and locks; nothing in it is an output."""
        return self.root / ".work"


def find_project(start: Path | None = None) -> Project:
    """The nearest folder, from `start` (or CHURNLIGHT_PROJECT, or here) upwards, with params.yaml.

    Raises:
        UsageError: when there is none; names where the search began.
    """
    begin = Path(start or os.environ.get("CHURNLIGHT_PROJECT") or Path.cwd()).resolve()
    for folder in (begin, *begin.parents):
        if (folder / "params.yaml").is_file() and (folder / "dvc.yaml").is_file():
            return Project(folder)
    raise UsageError(
        f"no churnlight project in {begin} or above it (a folder with params.yaml and dvc.yaml): "
        "change into your clone, or set CHURNLIGHT_PROJECT"
    )
