"""`churnlight marts`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from churnlight import files
from churnlight.cli.app import Output
from churnlight.cli.data import say
from churnlight.errors import UsageError
from churnlight.params.base import SectionT, read_section, validate
from churnlight.stages.guard import scratch_folder


@dataclass(frozen=True)
class MartsAsked:
    """The options of the command.

    Attributes:
        extracts: folder of the extracts.
        month: YYYY-MM.
        out: folder for `month=YYYY-MM/<mart>.parquet`.
        engine: duckdb or spark.
        params: a params.yaml; None: that of the current folder, or the defaults where there is
            none.
        restate: take in CDRs that came after the month was closed.
    """

    extracts: Path
    month: str
    out: Path
    engine: str
    params: Path | None = None
    restate: bool = False

    def section(self, name: str, model: type[SectionT]) -> SectionT:
        """A section of the parameters."""
        file = self.params or Path("params.yaml")
        if self.params is None and not file.is_file():
            return model()
        return read_section(file, name, model)


def make_marts(asked: MartsAsked, output: Output) -> None:
    """Build one month's marts below `asked.out`, as the pipeline would."""
    from churnlight.check.identifiers import refuse_real_numbers
    from churnlight.engine import connect
    from churnlight.inventory import activity_extract
    from churnlight.marts.source import Places, build_from_extracts
    from churnlight.params.data import CircleParams, EngineParams, ExtractsParams, TimeParams
    from churnlight.schema import EXTRACTS
    from churnlight.timeline import Month

    if asked.engine not in ("duckdb", "spark"):
        raise UsageError(f"--engine {asked.engine!r}: expected duckdb or spark")
    month = Month.parse(asked.month)
    machine = asked.section("engine", EngineParams).model_dump() | {"name": asked.engine}
    extracts = asked.section("extracts", ExtractsParams)
    if not extracts.allow_phone_like_ids:
        name = activity_extract(asked.extracts)
        refuse_real_numbers(asked.extracts, EXTRACTS[name], month)
    with (
        connect(validate(machine, EngineParams, source="options"), scratch_folder()) as engine,
        files.atomic_folder(asked.out.resolve() / f"month={month}") as part,
    ):
        rows = build_from_extracts(
            engine,
            Places(asked.extracts, part),
            month,
            asked.section("circle", CircleParams),
            asked.section("time", TimeParams),
            restate=asked.restate or asked.month in extracts.restated_months,
        )
    say(rows, output)
