"""Stage demo: the simulated operator, extracts and truth. Nothing but the inventory reads it."""

from __future__ import annotations

from churnlight import files
from churnlight.demo import generate
from churnlight.params.output import DemoParams
from churnlight.stages.stage import main, report_rows, running


def demo() -> None:
    """Write data/demo/extracts and data/demo/truth."""
    with running("demo") as stage:
        with files.atomic_folder(stage.project.data / "demo") as out:
            rows = generate(stage.section("demo", DemoParams), out)
        for name, count in rows.items():
            report_rows(name, count)


if __name__ == "__main__":
    main(demo)
