"""The picture of time and the months by role, in one language."""

from __future__ import annotations

from churnlight.report import timechart
from churnlight.report.inputs import ReportInputs
from churnlight.report.svg import Caption
from churnlight.report.view_models import View
from churnlight.report.words import Words
from churnlight.timeline import Moment, moment

_WIDE, _NARROW = 1000.0, 340.0


def moments(inputs: ReportInputs) -> list[Moment]:
    """Every as_of of the parameters, in order of time."""
    return [moment(as_of, inputs.time) for as_of in sorted(inputs.as_ofs)]


def time_view(inputs: ReportInputs, words: Words) -> View:
    """The test as_of drawn to scale, with its dates in words, and all as_ofs by role."""
    at = moment(inputs.details["as_of"], inputs.time)
    names = timechart.Names(words("window"), words("gap"), words("horizon"))
    dates = _dates(at, words)
    says = "; ".join(f"{name}: {when}" for name, when, _, _ in dates)
    every = moments(inputs)
    roles = {as_of: words.named("role", role) for as_of, role in inputs.as_ofs.items()}
    told = words("roles_says", count=len(every), first=every[0].key, last=every[-1].key)
    told += " " + "; ".join(f"{m.key} {roles[m.key]}" for m in every)
    pictures, overviews = [], []
    # Drawn twice, once for a narrow screen: letters keep their size, CSS shows the one that fits.
    for style, width in (("wide", _WIDE), ("narrow", _NARROW)):
        ident = f"{style}-{words.language}"
        caption = Caption(f"time-{ident}", words("time"), says)
        pictures.append((style, timechart.picture(at, names, width, caption)))
        caption = Caption(f"roles-{ident}", words("roles"), told)
        overviews.append((style, timechart.roles(every, roles, width, caption)))
    return {
        "lead": words("time_lead", as_of=at.key),
        "pictures": pictures,
        "dates": dates,
        "overviews": overviews,
    }


def _dates(at: Moment, words: Words) -> list[tuple[str, str, str, str]]:
    def span(start: object, end: object) -> str:
        return words("from_to", start=f"{start:%Y-%m-%d}", end=f"{end:%Y-%m-%d}")

    dates = [
        (words("window"), span(at.window_start, at.as_of), words("window_says"), "window"),
        ("as_of", at.key, words("as_of_says"), "as-of"),
        ("cutoff", f"{at.cutoff:%Y-%m-%d}", words("cutoff_says"), "cutoff"),
    ]
    if at.label_start > at.as_of:
        dates.append((words("gap"), span(at.as_of, at.label_start), words("gap_says"), "gap"))
    dates.append(
        (words("horizon"), span(at.label_start, at.label_end), words("horizon_says"), "horizon")
    )
    return dates
