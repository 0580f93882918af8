"""`churnlight campaign report`: did it work?"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Annotated, Any

import typer

from churnlight.cli.app import app, output

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
) -> None:
    """Did it work? Churn and revenue of those assigned to an offer, less the control group's.

    By assigned arm (intention to treat), with 95 % intervals that keep accounts together; funnel,
    cost and return; effects by tier and reason, drawn toward the common one; where contact saves
    nobody or provokes leaving; and how large the next campaign must be. Without a control group no
    effect is claimed. Reads the extracts; writes nothing. docs/campaigns.md has the rules.
    """
    content = _content(campaign or [], as_of, follow_months)
    if output(context).json:
        typer.echo(json.dumps(content, indent=2, ensure_ascii=False, default=str))
        return
    from rich.console import Console

    console = Console()
    for line in _lines(content):
        console.print(line, highlight=False, markup=False)


def _content(campaigns: list[str], as_of: str | None, follow_months: int) -> dict[str, Any]:
    from churnlight.campaigns import Terms, outcomes, read, read_standing, standing_at
    from churnlight.campaigns import report as judged
    from churnlight.check import load_kept
    from churnlight.engine import connect
    from churnlight.inventory import is_simulated
    from churnlight.params.base import read_section
    from churnlight.params.data import EngineParams, ExtractsParams, TimeParams
    from churnlight.params.plan import PlanParams
    from churnlight.paths import find_project
    from churnlight.timeline import moment

    project = find_project()
    file = project.params_file
    extracts = read_section(file, "extracts", ExtractsParams)
    time, plan = read_section(file, "time", TimeParams), read_section(file, "plan", PlanParams)
    months = sorted(extracts.month_list)
    at = moment(as_of or f"{(months[-1] + 1).start:%Y-%m-%d}", time)
    root = project.extracts(extracts.path)
    with connect(read_section(file, "engine", EngineParams), project.scratch) as engine:
        record = read(
            engine,
            lambda name, wanted: load_kept(engine, root, name, wanted, verdicts=project.check),
            months,
            at,
            campaigns,
        )
    found = outcomes(record.who.rows, record.snapshots, record.bills, follow_months, record.newest)
    scored = read_standing({key: project.scores(key) for key in project.scored}, time)
    standing = standing_at(record.who.rows, scored, ("tier", "reason", "score"))
    terms = Terms(
        follow_months=follow_months,
        margin=plan.margin,
        value_months=plan.value_months,
        control_share=plan.control_share,
    )
    content = judged(record.who, found, standing, terms)
    return {"simulated": is_simulated(root), "as_of": at.key, "campaigns": campaigns, **content}


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
        lines += [
            f"  {_name(entry['value']):<20} {_points(entry['shrunk']):<32} {entry['verdict']}"
            for entry in entries
        ]
    lines += ["", *_warnings(content["warnings"])]
    sizes = content["next_campaign"]["sizes"]
    lines += [
        f"To see {entry['reduction']:.0%} less churn the next campaign needs "
        f"{entry['lines']:,} lines, {entry['lines_control']:,} of them held out."
        for entry in sizes
    ]
    return lines


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
