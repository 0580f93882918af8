"""`churnlight campaign report`: did it work?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from churnlight.cli.app import app, output
from churnlight.small_groups import is_small

campaign_app = typer.Typer(help="Campaigns: what they changed.", no_args_is_help=True)
app.add_typer(campaign_app, name="campaign")


@campaign_app.command()
def report(
    context: typer.Context,
    campaign: Annotated[
        list[str] | None,
        typer.Option(help="Id of a campaign; may stand several times. All by default."),
    ] = None,
    as_of: Annotated[
        str | None,
        typer.Option(help="YYYY-MM-01: nothing known later counts. After the last month if left."),
    ] = None,
    follow_months: Annotated[
        int,
        typer.Option(min=1, max=24, help="Months after the offer's own until who left is counted."),
    ] = 3,
    html: Annotated[
        Path | None, typer.Option(dir_okay=False, help="Write it as a page, too.")
    ] = None,
) -> None:
    """Did it work? Churn and revenue of those assigned to an offer, less the control group's.

    By assigned arm (intention to treat), with 95 % intervals that keep accounts together; funnel,
    cost and return; effects by tier and reason, drawn toward the common one; where contact saves
    nobody or provokes leaving; and how large the next campaign must be. Without a control group no
    effect is claimed. Reads the extracts; writes the page of --html alone. docs/campaigns.md has
    the rules.
    """
    content = _content(campaign or [], as_of, follow_months)
    if html is not None:
        _write_page(content, html)
    if output(context).json:
        typer.echo(json.dumps(content, indent=2, ensure_ascii=False, default=str))
        return
    from rich.console import Console

    console = Console()
    for line in _lines(content):
        console.print(line, highlight=False, markup=False)


def _content(campaigns: list[str], as_of: str | None, follow_months: int) -> dict[str, Any]:
    from churnlight.campaigns import Terms
    from churnlight.campaigns.judging import judge, where_of
    from churnlight.campaigns.orders import feature_folders, orders
    from churnlight.check import load_kept
    from churnlight.engine import connect
    from churnlight.inventory import is_simulated
    from churnlight.params.base import read_section
    from churnlight.params.data import EngineParams, ExtractsParams, TimeParams
    from churnlight.params.learning import TrainParams
    from churnlight.params.plan import PlanParams
    from churnlight.params.privacy import PrivacyParams
    from churnlight.paths import find_project
    from churnlight.timeline import moment

    project = find_project()
    file = project.params_file
    extracts = read_section(file, "extracts", ExtractsParams)
    time, plan = read_section(file, "time", TimeParams), read_section(file, "plan", PlanParams)
    months = sorted(extracts.month_list)
    at = moment(as_of or f"{(months[-1] + 1).start:%Y-%m-%d}", time)
    root = project.extracts(extracts.path)
    terms = Terms(
        follow_months=follow_months,
        margin=plan.margin,
        value_months=plan.value_months,
        control_share=plan.control_share,
    )
    with connect(read_section(file, "engine", EngineParams), project.scratch) as engine:
        where = where_of(
            project,
            lambda name, wanted: load_kept(engine, root, name, wanted, verdicts=project.check),
            months,
            time,
        )
        found = judge(engine, where, at, terms, campaigns)
    content = found.content
    if content["effect_claimed"] and (folders := feature_folders(project)):
        train = read_section(file, "train", TrainParams)
        content["orders"] = orders(found.known, folders, time, terms, train=train)
    least = read_section(file, "privacy", PrivacyParams).min_group
    about = {"simulated": is_simulated(root), "as_of": at.key, "campaigns": campaigns}
    return {**about, "min_group": least, **content}


def _write_page(content: Mapping[str, Any], path: Path) -> None:
    from churnlight.files import atomic_file
    from churnlight.params.base import read_section
    from churnlight.params.output import ReportParams
    from churnlight.paths import find_project
    from churnlight.report.campaign_page import render_campaigns

    language = read_section(find_project().params_file, "report", ReportParams).language
    with atomic_file(path) as part:
        part.write_text(render_campaigns(content, language), encoding="utf-8", newline="\n")


def _lines(content: Mapping[str, Any]) -> list[str]:
    """The report for a terminal of 80 columns."""
    lines = []
    if content["simulated"]:
        lines.append("Simulated operator: no figure here comes from the field.")
    steps, counts = content["funnel"], content["assignments"]
    lines.append(
        f"{counts['campaigns']} campaigns: {counts['treated']:,} assigned to an offer, "
        f"{counts['control']:,} held out."
    )
    parts = [
        f"{step} {steps[step]:,} ({_percent(share['share'])} of {share['of']})"
        for step, share in steps["shares"].items()
    ]
    lines += ["Funnel: " + ", ".join(parts) + f"; cost {steps['cost_money']:,.2f}.", ""]
    if content["effect_claimed"]:
        lines += _effect_lines(content)
    else:
        lines.append(content["why_not"]["en"])
    return [*lines, "", *(f"Note: {entry['en']}" for entry in content["notes"])]


def _effect_lines(content: Mapping[str, Any]) -> list[str]:
    churn, revenue, cost = content["churn"], content["revenue"], content["cost"]
    lines = [
        f"Left within {content['follow_months']} months: {_percent(churn['treated'])} with the "
        f"offer, {_percent(churn['control'])} without: difference {_points(churn)}.",
    ]
    if revenue is not None:
        lines.append(
            f"Bill a month: {revenue['treated']:,.2f} with, {revenue['control']:,.2f} without: "
            f"difference {revenue['difference']:+,.2f} [{_money(revenue['low'])}, "
            f"{_money(revenue['high'])}]."
        )
    if cost["measured"] is not None:
        gain = cost["measured"]
        lines.append(
            f"Return: margin of that revenue less a cost of {cost['cost_money']:,.2f}: "
            f"{_money(gain['profit_money'])} [{_money(gain['low'])}, {_money(gain['high'])}]."
        )
    for column, entries in content["groups"].items():
        lines += ["", f"By {column} (drawn toward the common effect):"]
        lines += [f"  {line}" for line in _group_lines(entries, content["min_group"])]
    lines += _order_lines(content)
    lines += ["", *_warnings(content["warnings"])]
    sizes = content["next_campaign"]["sizes"]
    lines += [
        f"To see {entry['reduction']:.0%} less churn the next campaign needs "
        f"{entry['lines']:,} lines, {entry['lines_control']:,} of them held out."
        for entry in sizes
    ]
    return lines


def _group_lines(entries: Sequence[Mapping[str, Any]], least: int) -> list[str]:
    """A line a group; of one with too few lines nothing is said."""
    sizes = [entry["lines_treated"] + entry["lines_control"] for entry in entries]
    return [
        f"{_name(entry['value']):<20} fewer than {least} lines: not shown"
        if is_small(size, least)
        else f"{_name(entry['value']):<20} {_points(entry['shrunk']):<32} {entry['verdict']}"
        for entry, size in zip(entries, sizes, strict=True)
    ]


def _order_lines(content: Mapping[str, Any]) -> list[str]:
    """Whom to treat first: Qini coefficients, in lines saved a thousand."""
    lines = []
    if content["qini"] is not None:
        lines.append(f"  by the score known before the offer: {_thousand(content['qini'])}")
    found = content.get("orders")
    if found is not None:
        for name in ("uplift", "risk"):
            if found[name] is not None:
                how = {"uplift": "effect", "risk": "risk alone"}[name]
                lines.append(f"  by {how}, learned on other accounts: {_thousand(found[name])}")
        lines.append(f"  {found['verdict']['en']}")
    head = "Whom to treat first: lines saved a thousand above a random order (Qini):"
    return ["", head, *lines] if lines else []


def _thousand(entry: Mapping[str, Any]) -> str:
    value, low, high = (1_000 * entry[name] for name in ("coefficient", "low", "high"))
    return f"{value:+.2f} [{low:+.2f}, {high:+.2f}]"


def _points(entry: Mapping[str, Any]) -> str:
    low, high = entry["low"], entry["high"]
    between = "no interval" if low is None else f"{100 * low:+.1f}, {100 * high:+.1f}"
    return f"{100 * entry['difference']:+.1f} points [{between}]"


def _percent(share: float | None) -> str:
    return "-" if share is None else f"{share:.1%}"


def _money(value: float | None) -> str:
    return "-" if value is None else f"{value:+,.2f}"


def _name(value: object) -> str:
    return "unknown" if value is None else str(value)


def _warnings(entries: Sequence[Mapping[str, Any]]) -> list[str]:
    """One line a verdict, for all and for the groups that share it."""
    lines = [f"Warning: {entry['en']}" for entry in entries if entry["by"] is None]
    for verdict in ("provokes", "unclear"):
        mine = [e for e in entries if e["by"] is not None and e["verdict"] == verdict]
        names = ", ".join(f"{entry['by']} {_name(entry['value'])}" for entry in mine)
        lines += [f"Warning: {names}: {mine[0]['en']}"] if mine else []
    return lines
