"""The playbook: what is proposed to whom, as the operator writes it in YAML.

Rules are tried from the first to the last; the first that fits a subscriber's tier, strongest
reason and segment counts. `holding` looks for gaps and contradictions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from churnlight.plan.lines import Node, Problems, nearest, read_lines
from churnlight.plan.wording import ALWAYS, KINDS, OFFERS, WORDINGS, Offer, Wording, held_back

SHIPPED = Path(__file__).with_name("playbook.yaml")
VERSION = 1
# A cost above this is a slip of the pen, and would not fit into whole cents of a sum.
_MOST = 1e7


@dataclass(frozen=True)
class Channel:
    """How somebody is reached.

    Attributes:
        name: what the plan holds.
        contact_cents: what a contact costs.
        calls: how many of the team's calls it takes.
    """

    name: str
    contact_cents: int
    calls: int


@dataclass(frozen=True)
class Proposal:
    """One thing that may be proposed.

    Attributes:
        number: place in the playbook, from 0; the earlier wins where two are worth the same.
        line: of the file.
        action: what is done, by the name that campaigns have for it.
        offer, channel, wording: names of theirs.
        cost_cents: what it costs when it is taken.
        save_rate: share of those about to leave who stay because of it; an assumption.
    """

    number: int
    line: int
    action: str
    offer: Offer
    channel: Channel
    wording: Wording
    cost_cents: int
    save_rate: float


@dataclass(frozen=True)
class Rule:
    """Whom some proposals are for.

    Attributes:
        number: place in the playbook, from 1.
        line: of the file.
        tiers, reasons, segments: names, `none` for who has none; None: any.
        proposals: of them the best one counts.
    """

    number: int
    line: int
    tiers: tuple[str, ...] | None
    reasons: tuple[str, ...] | None
    segments: tuple[str, ...] | None
    proposals: tuple[Proposal, ...]


@dataclass(frozen=True)
class Playbook:
    """A playbook that is well-formed.

    Attributes:
        name: of the file.
        channels, offers, wordings: by name; what comes with churnlight and what the file adds.
        rules: in their order.
    """

    name: str
    channels: Mapping[str, Channel]
    offers: Mapping[str, Offer]
    wordings: Mapping[str, Wording]
    rules: tuple[Rule, ...]

    @property
    def proposals(self) -> tuple[Proposal, ...]:
        """All proposals, by their number."""
        return tuple(p for rule in self.rules for p in rule.proposals)


def read_playbook(path: Path | None = None) -> Playbook:
    """Read a playbook and hold it to its form.

    Args:
        path: the operator's file; None: the one that comes with churnlight.

    Raises:
        UsageError: names each line, what came and what was expected.
    """
    chosen = SHIPPED if path is None else path
    problems = Problems(chosen.name)
    root = Node(read_lines(chosen), 1, "the playbook", problems)
    root.hold(("schema_version", "channels", "rules"), ("offers", "wordings"))
    version = root.content.get("schema_version")
    if version is not None and version != VERSION:
        problems.add(
            root.at("schema_version"),
            f"schema_version is {version!r}, this churnlight reads {VERSION}: compare your file "
            "with src/churnlight/plan/playbook.yaml",
        )
    book = _Book(
        {str(name): _channel(str(name), node) for name, node in root.maps("channels")},
        {o.code: o for o in OFFERS} | dict(_offer(str(n), e) for n, e in root.maps("offers")),
        {w.key: w for w in WORDINGS} | dict(_wording(str(n), e) for n, e in root.maps("wordings")),
    )
    rules = tuple(book.rule(place, node) for place, node in root.maps("rules"))
    if not rules and "rules" in root.content:
        problems.add(root.at("rules"), "there is no rule")
    problems.hold()
    return Playbook(chosen.name, book.channels, book.offers, book.wordings, rules)


@dataclass
class _Book:
    channels: Mapping[str, Channel]
    offers: Mapping[str, Offer]
    wordings: Mapping[str, Wording]
    count: int = 0

    def rule(self, place: int, node: Node) -> Rule:
        node.hold(("propose",), ("tier", "reason", "segment"))
        proposals = tuple(
            made for _, entry in node.maps("propose") if (made := self.proposal(entry))
        )
        if not proposals and "propose" in node.content:
            node.problems.add(node.at("propose"), f"{node.what} proposes nothing")
        _hold_once(proposals, node)
        if proposals and not any(p.offer.kind in ALWAYS for p in proposals):
            node.problems.add(
                node.at("propose"),
                f"{node.what} is a hole for whoever none of its offers fits (no tariff, no "
                f"service, an agreement that runs): add one of kind {' or '.join(ALWAYS)}",
            )
        return Rule(
            number=place + 1,
            line=node.line,
            tiers=node.names("tier"),
            reasons=node.names("reason"),
            segments=node.names("segment"),
            proposals=proposals,
        )

    def proposal(self, node: Node) -> Proposal | None:
        keys = ("action", "offer", "channel", "wording", "cost_money", "save_rate")
        if not node.hold(keys):
            return None
        parts = [
            _named(node, key, known)
            for key, known in (
                ("offer", self.offers),
                ("channel", self.channels),
                ("wording", self.wordings),
            )
        ]
        cost = node.number("cost_money", 0, _MOST)
        rate = node.number("save_rate", 0, 1)
        action = node.text("action")
        if any(part is None for part in parts):
            return None
        offer, channel, wording = parts
        if offer.kind == "serve" and cost > 0:
            text = f"offer {offer.code} gives nothing away, and cost_money is {cost:g}: expected 0"
            node.problems.add(node.at("cost_money"), text)
        number, self.count = self.count, self.count + 1
        return Proposal(number, node.line, action, offer, channel, wording, round(cost * 100), rate)


def _named(node: Node, key: str, known: Mapping[str, Any]) -> Any:
    name = node.text(key)
    if name and name not in known:
        node.problems.add(node.at(key), f"unknown {key} {name!r}: {nearest(name, known)}")
    return known.get(name)


def _hold_once(proposals: tuple[Proposal, ...], node: Node) -> None:
    """Refuse a rule that says two things of the same proposal."""
    seen: dict[tuple[str, str, str], Proposal] = {}
    for proposal in proposals:
        key = (proposal.action, proposal.offer.code, proposal.channel.name)
        first = seen.setdefault(key, proposal)
        if first is not proposal:
            node.problems.add(
                proposal.line,
                f"{node.what} proposes {proposal.action} ({proposal.offer.code}, "
                f"{proposal.channel.name}) twice, first in line {first.line}: keep one",
            )


def _channel(name: str, node: Node) -> Channel:
    node.hold(("contact_money", "calls"))
    # Nothing reaches anybody for nothing; a budget of zero is an empty list because of it.
    contact = node.number("contact_money", 0.01, _MOST)
    calls = node.number("calls", 0, 100)
    if calls != int(calls):
        text = f"calls of {node.what} is {calls:g}: expected a whole number"
        node.problems.add(node.at("calls"), text)
    return Channel(name, round(contact * 100), int(calls))


def _offer(code: str, node: Node) -> tuple[str, Offer]:
    keys = ("kind", "en", "zh", "never_en", "never_zh")
    node.hold(keys)
    kind = node.text("kind", "fixed")
    if kind not in KINDS:
        said = f"unknown kind {kind!r} of {node.what}: {nearest(kind, KINDS)}"
        node.problems.add(node.at("kind"), said)
        kind = "fixed"
    if code in {o.code for o in OFFERS}:
        node.problems.add(node.line, f"{node.what} comes with churnlight: give it another name")
    return code, Offer(code, kind, *(_said(node, key) for key in keys[1:]))  # type: ignore[arg-type]


def _wording(key: str, node: Node) -> tuple[str, Wording]:
    node.hold(("en", "zh"))
    if key in {w.key for w in WORDINGS}:
        node.problems.add(node.line, f"{node.what} comes with churnlight: give it another name")
    return key, Wording(key, _said(node, "en"), _said(node, "zh"))


def _said(node: Node, key: str) -> str:
    text = node.text(key)
    if (bond := held_back(text)) is not None:
        node.problems.add(
            node.at(key),
            f"{key} of {node.what} says {bond!r}: who signs an agreement may leave on its terms; "
            "say what the terms are",
        )
    if (trouble := _unfilled(text)) is not None:
        node.problems.add(node.at(key), f"{key} of {node.what} {trouble}")
    return text


FILLED = ("plan", "fee", "change", "allowance", "service", "cost")


def _unfilled(text: str) -> str | None:
    try:
        text.format(**dict.fromkeys(FILLED, ""))
    except (KeyError, IndexError, ValueError, AttributeError):
        return f"has braces that nothing fills in: there are {', '.join(FILLED)}"
    return None
