"""The report: one HTML file, both languages inside, no network and no script."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib.resources import files
from typing import Any

from jinja2 import ChoiceLoader, Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from churnlight.report.inputs import Language, ReportInputs
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
    tiers = inputs.details["models"][inputs.champion]["tiers"]
    pages = [page(inputs, language) for language in LANGUAGES]
    return render_pages("report.html", pages, inputs.language, [tier["tier"] for tier in tiers])


def render_pages(
    template: str, pages: Sequence[Mapping[str, Any]], language: Language, tiers: Sequence[str] = ()
) -> str:
    """A whole page of ours with every language inside.

    Args:
        template: its file, which extends page.html.
        pages: what it shows, an entry a language, each with its own `language`.
        language: that it opens in.
        tiers: whose colours it needs, in rising risk.
    """
    sheet = files("churnlight.report").joinpath("templates/report.css").read_text(encoding="utf-8")
    colours = "\n".join(tier_rules(tiers)) + "\n" if tiers else ""
    return (
        templates("churnlight.report")
        .get_template(template)
        .render(
            pages=pages,
            opening=next(p for p in pages if p["language"] == language),
            names={each: Words(each)("language") for each in LANGUAGES},
            # Ours alone: names of tiers only choose among our own colours.
            style=Markup(sheet + colours),  # noqa: S704  # nosec B704
        )
    )


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
