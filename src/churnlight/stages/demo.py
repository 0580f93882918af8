"""Stage demo: the simulated operator. Of what it writes, the pipeline reads the extracts alone."""

from __future__ import annotations

from churnlight import files
from churnlight.demo import Rules, generate
from churnlight.params.data import TimeParams
from churnlight.params.output import DemoParams
from churnlight.params.population import CohortParams, LabelParams
from churnlight.stages.stage import main, report_rows, running


def demo() -> None:
    """Write data/demo: the extracts, and beside them what the simulator knows of the label."""
    with running("demo") as stage:
        rules = Rules(
            time=stage.section("time", TimeParams),
            cohort=stage.section("cohort", CohortParams),
            label=stage.section("label", LabelParams),
        )
        with files.atomic_folder(stage.project.data / "demo") as out:
            rows = generate(stage.section("demo", DemoParams), out, rules)
        for name, count in rows.items():
            report_rows(name, count)


if __name__ == "__main__":
    main(demo)
