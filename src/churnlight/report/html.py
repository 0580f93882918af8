"""The report: one HTML file, both languages inside, no network and no script."""

from __future__ import annotations

from collections.abc import Sequence
from importlib.resources import files

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from churnlight.report.inputs import ReportInputs
from churnlight.report.palette import tint
from churnlight.report.view import page
from churnlight.report.words import LANGUAGES, Words


def render(inputs: ReportInputs) -> str:
    """Write the whole report: the same text for the same inputs, no clock in it.

    Args:
        inputs: everything it shows.

    Returns:
        A complete HTML document. Every text and value from outside is escaped.
    """
    pages = [page(inputs, language) for language in LANGUAGES]
    opening = next(p for p in pages if p["language"] == inputs.language)
    return (
        templates("churnlight.report")
        .get_template("report.html")
        .render(
            pages=pages,
            opening=opening,
            names={language: Words(language)("language") for language in LANGUAGES},
            style=_style(inputs),
        )
    )


def _style(inputs: ReportInputs) -> Markup:
    """The style sheet of the package, and the colours of this report's tiers."""
    sheet = files("churnlight.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    tiers = inputs.details["models"][inputs.champion]["tiers"]
    rules = tier_rules([tier["tier"] for tier in tiers])
    # Nothing of this comes from outside: names of tiers only choose among our own colours.
    return Markup(sheet + "\n".join(rules) + "\n")  # noqa: S704


def templates(package: str) -> Environment:
    """A package's templates, and behind them the report's; what comes from outside is escaped."""
    return Environment(
        loader=ChoiceLoader([PackageLoader(package), PackageLoader("churnlight.report")]),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )


def tier_rules(tiers: Sequence[str]) -> list[str]:
    """Style rules with the colours of the tiers, which stand in rising risk: .tier-0, .tier-1."""
    rules = []
    for index, tier in enumerate(tiers):
        colours = tint(tier)
        rules.append(
            f".tier-{index}{{--fill:{colours.fill};--ink:{colours.ink};--edge:{colours.edge}}}"
        )
    return rules
