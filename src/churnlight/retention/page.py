"""The page: one HTML file, all languages inside, no network; it works without its small script."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping
from importlib.resources import files
from typing import Any

from markupsafe import Markup

from churnlight.report.html import templates, tier_rules
from churnlight.retention.month import HandoutInputs
from churnlight.retention.page_view import page_view
from churnlight.retention.words import Words


def render_page(month: HandoutInputs) -> str:
    """Write the whole page: the same text for the same inputs, no clock in it.

    Args:
        month: the scored month.

    Returns:
        A complete HTML document. Every text and value from outside is escaped; the one script is
        ours, and the page's own policy lets no other run.
    """
    pages = [page_view(month, language) for language in month.params.languages]
    script = _ours("templates/handout.js")
    return (
        templates("churnlight.retention")
        .get_template("handout.html")
        .render(
            pages=pages,
            opening=pages[0],
            names={language: Words(language)("language") for language in month.params.languages},
            style=_style(month),
            # A file of the package.
            script=Markup(script),  # noqa: S704  # nosec B704
            fingerprint=base64.b64encode(hashlib.sha256(script.encode()).digest()).decode(),
            pictures=pictures(month),
        )
    )


def pictures(month: HandoutInputs) -> Mapping[str, str]:
    """Each plot's PNG as a data address, by the file's name."""
    return {
        plot.path.name: "data:image/png;base64,"
        + base64.b64encode(plot.path.read_bytes()).decode("ascii")
        for plot in month.plots
    }


def _ours(name: str, package: str = "churnlight.retention") -> str:
    return files(package).joinpath(name).read_text(encoding="utf-8")


def _style(month: HandoutInputs) -> Any:
    """The report's style sheet, the page's own, and the colours of this month's tiers."""
    rules = tier_rules(month.tiers)
    rules += [
        f"#pick-{language}:checked ~ .page.{language}{{display:block}}"
        for language in month.params.languages
    ]
    sheets = [
        _ours("templates/report.css", "churnlight.report"),
        _ours("templates/handout.css"),
        *rules,
    ]
    # Nothing of this comes from outside: names of tiers only choose among our own colours.
    return Markup("\n".join(sheets) + "\n")  # noqa: S704  # nosec B704
