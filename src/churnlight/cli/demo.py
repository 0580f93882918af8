"""`churnlight demo` and `churnlight demo truth`."""

from __future__ import annotations

import json
import shlex
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import typer

from churnlight import files
from churnlight.cli.app import Output
from churnlight.cli.using import require_empty
from churnlight.errors import ChurnlightError, UsageError
from churnlight.inventory import is_simulated
from churnlight.params.base import validate

if TYPE_CHECKING:
    import pandas as pd

_SHARES = (0.01, 0.05, 0.10, 0.20)


def make_demo(out: Path, settings: dict[str, Any], *, force: bool, output: Output) -> None:
    """Simulate an operator into `out`."""
    from churnlight.demo import generate, require_size
    from churnlight.params.data import TimeParams
    from churnlight.params.learning import TrainParams
    from churnlight.params.output import DemoParams

    require_empty(out, replaceable=_is_demo if force else None)
    params = validate(settings, DemoParams, source="options")
    require_size(params, TimeParams(), TrainParams().min_churners)
    _require_place(out)
    with files.atomic_folder(out.resolve()) as part:
        rows = generate(params, part)
    if output.json:
        typer.echo(json.dumps(rows, indent=2, sort_keys=True))
        return
    for name, count in rows.items():
        typer.echo(f"{name}: {count:,}")
    typer.echo(f"to use it in a project: churnlight use {shlex.quote(f'{out}/extracts')}")


def _is_demo(folder: Path) -> bool:
    return is_simulated(folder / "extracts")


def _require_place(out: Path) -> None:
    """Hold `out` to a place where a folder can be made.

    Raises:
        ChurnlightError: says why none can.
    """
    above = out.resolve().parent
    try:
        above.mkdir(parents=True, exist_ok=True)
        with files.atomic_folder(above / f".{out.name}.try"):
            pass
        (above / f".{out.name}.try").rmdir()
    except OSError as error:
        raise ChurnlightError(
            f"{above} can't be written or read: {error.strerror}. Name another place with --out"
        ) from None


def report_truth(folders: Sequence[Path], output: Output) -> None:
    """Say how well the best possible model could do: one that knows p_true."""
    given = list(folders) or [_project()]
    cohorts = [cohort for folder in given for cohort in _cohorts(folder)]
    if not cohorts:
        raise ChurnlightError(
            f"{given[0]} has no as_of whose outcome is known: simulate more months"
        )
    as_ofs: dict[str, list[pd.DataFrame]] = {}
    for as_of, frame in cohorts:
        as_ofs.setdefault(as_of, []).append(frame)
    measured = {as_of: _measured(frames) for as_of, frames in sorted(as_ofs.items())}
    pooled = _measured([frame for _, frame in cohorts])
    if output.json:
        report = {"simulated": True, "ranking_by": "p_true", "as_ofs": measured, "pooled": pooled}
        typer.echo(json.dumps(report, indent=2, sort_keys=True))
        return
    typer.echo("The best that any model could do on this simulated operator, ranking by p_true:")
    names = ("subscribers", "churners", "roc_auc", "pr_auc", "lift_at_1", "lift_at_5", "lift_at_10")
    typer.echo("as_of       " + " ".join(f"{name:>11}" for name in names))
    for title, row in [*measured.items(), ("pooled", pooled)]:
        cells = (f"{row[n]:>11,}" if isinstance(row[n], int) else f"{row[n]:>11.3f}" for n in names)
        typer.echo(f"{title:<11} " + " ".join(cells))


def _project() -> Path:
    from churnlight.paths import find_project

    return find_project().home


def _cohorts(folder: Path) -> list[tuple[str, pd.DataFrame]]:
    """Cohort members with p_true and churned, as_of by as_of, of a demo or a project with one."""
    import pandas as pd

    demo = folder if (folder / "truth").is_dir() else folder / "data" / "demo"
    truth = demo / "truth"
    if not (truth / "outlook").is_dir():
        raise UsageError(
            f"{folder} holds no truth of a simulated operator: expected {truth / 'outlook'}, which "
            "`churnlight demo --out DIR` and the stage demo write for the label kinds off_net and "
            "value_loss over whole months"
        )
    labels = folder / "data" / "labels" if demo != folder else None
    if labels is not None:
        _require_same_rules(folder, truth)
    found = []
    for path in sorted((truth / "outlook").iterdir()):
        known = labels / path.name / "labels.parquet" if labels else None
        if known is not None and known.is_file():
            members = pd.read_parquet(known, columns=["subscriber_id", "churned", "treated"])
        elif labels is None and (truth / "outcomes" / path.name).is_dir():
            members = pd.read_parquet(truth / "outcomes" / path.name)
            members = members[members["in_cohort"]]
        else:
            continue
        outlook = pd.read_parquet(path, columns=["subscriber_id", "p_true"])
        rows = members.merge(outlook, on="subscriber_id")
        # Offers change what happens: they are judged apart.
        rows = rows[rows["churned"].notna() & ~rows["treated"].astype(bool)]
        if len(rows):
            found.append((path.name.removeprefix("as_of="), rows))
    return found


def _require_same_rules(folder: Path, truth: Path) -> None:
    from churnlight.demo.truth import Rules
    from churnlight.demo.truth.book import RULES_FILE
    from churnlight.params.whole import load

    params = load(folder / "params.yaml")
    rules = Rules(params.time, params.cohort, params.label)
    if files.read_json(truth / RULES_FILE) != rules.content():
        raise UsageError(
            f"{truth} was made for another time, cohort or label than params.yaml has now: "
            "run `dvc repro`"
        )


def _measured(frames: Sequence[pd.DataFrame]) -> dict[str, Any]:
    import numpy as np
    import pandas as pd

    from churnlight.assess.measures import Ranking, rounded

    rows = pd.concat(frames)
    churned = rows["churned"].astype(bool).to_numpy()
    score = rows["p_true"].to_numpy().astype(float)
    values = Ranking.by(score, churned, _SHARES).measure(np.ones((1, len(rows))))
    return {
        "subscribers": len(rows),
        "churners": int(churned.sum()),
        "expected_churners": rounded(float(score.sum()), 2),
        **{name: rounded(float(value[0])) for name, value in values.items()},
    }
