"""Write the figures of the run on real call records into docs/real-data.md, between its marks."""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARKS = re.compile(r"(<!-- figures -->\n).*?(<!-- /figures -->)", re.DOTALL)
NAMES = {"gbm": "LightGBM", "tree": "Decision tree"}


def interval(measured: dict[str, float], digits: int = 3) -> str:
    """A value with its 95 % interval."""
    value, low, high = (f"{measured[k]:.{digits}f}" for k in ("value", "low", "high"))
    return f"{value} ({low} to {high})"


def table(details: dict[str, object]) -> str:
    """The figures as Markdown."""
    models, base = details["models"], details["baseline"]["metrics"]["roc_auc"]
    lines = [
        f"Test as_of {details['as_of']}: {details['subscribers']} clients, "
        f"{details['churners']} of them fell silent.",
        "",
        "| ranking | ROC AUC (95 % interval) | difference to the baseline, paired |",
        "|---|---|---|",
        f"| days since the last outgoing call (baseline) | {interval(base)} | |",
    ]
    for name, title in NAMES.items():
        paired = details["paired"].get(f"{name}_minus_baseline", {}).get("roc_auc")
        lines.append(
            f"| {title} | {interval(models[name]['metrics']['roc_auc'])} "
            f"| {interval(paired) if paired else ''} |"
        )
    return "\n".join(lines)


def main() -> None:
    """Read the evaluation of the project named on the command line."""
    project = Path(sys.argv[1] if len(sys.argv) > 1 else ROOT / "runs" / "callmemaybe")
    details = json.loads((project / "data/evaluation/details.json").read_text(encoding="utf-8"))
    page = ROOT / "docs" / "real-data.md"
    text = MARKS.sub(
        lambda m: f"{m[1]}\n{table(details)}\n\n{m[2]}", page.read_text(encoding="utf-8")
    )
    page.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
