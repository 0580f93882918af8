"""A plan in some lines, for the terminal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any


def told(content: Mapping[str, Any]) -> str:
    """What a plan comes to.

    Args:
        content: of plan.json.
    """
    arms, limits, listed = content["arms"], content["limits"], content["listed"]
    out = {name: n["first"] for name, n in content["suppressed"].items() if n["first"]}
    left_out = ", ".join(f"{name} {count:,}" for name, count in out.items()) or "nobody"
    worth = ", ".join(f"{name} {count:,}" for name, count in content["status"].items())
    lines = [
        f"plan of {content['as_of']}: {content['subscribers']:,} subscribers ({worth})",
        f"  not to be proposed: {left_out}",
        f"  offers: {arms['treated']['subscribers']:,}; control: {arms['control']['subscribers']:,}"
        f" in {arms['control']['accounts']:,} accounts, until {arms['control']['until']}",
        f"  expected profit of the offers: {arms['treated']['expected_profit_money']:,.2f} "
        f"({_rates(content['rates'])})",
        f"  costs, if everybody takes them: {limits['outlay_money']:,.2f}"
        f"{_of(limits['budget_money'])}; calls: {limits['calls_listed']:,}{_of(limits['calls'])}",
    ]
    if not listed["proved_best"]:
        gap = listed["bound_money"] - listed["expected_profit_money"]
        lines.append(f"  not proved the best: at most {gap:,.2f} short")
    lines += [f"  {notice['en']}" for notice in content["notices"]]
    if content["simulated"]:
        lines.append("  These subscribers are simulated: nothing here is a result in the field.")
    return "\n".join(lines)


def _rates(rates: Mapping[str, int]) -> str:
    if not rates["measured"]:
        return "all save rates are assumed"
    return f"save rates measured for {rates['measured']:,}, assumed for {rates['assumed']:,}"


def _of(limit: float | None) -> str:
    return "" if limit is None else f" of {limit:,.0f}"
