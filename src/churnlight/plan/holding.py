"""Gaps and contradictions of a playbook: who is not thought of, and what is never reached."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import product

from churnlight.plan.lines import Problems, nearest
from churnlight.plan.playbook import Playbook, Rule

NONE = "none"
_SHOWN = 3


@dataclass(frozen=True)
class Vocabulary:
    """What a playbook may name.

    Attributes:
        tiers: all tiers there are.
        planned: those whose subscribers get a proposal.
        reasons: codes of the reasons.
        segments: codes of the segments; None: there are none to hold the names to.
    """

    tiers: Sequence[str]
    planned: Sequence[str]
    reasons: Sequence[str]
    segments: Sequence[str] | None = None


Cell = tuple[str, str, str]


def hold_playbook(book: Playbook, words: Vocabulary) -> Mapping[Cell, int]:
    """Hold a playbook to what there is.

    Args:
        book: well-formed.
        words: what it may name.

    Returns:
        The place in `book.rules` of the rule for each tier, reason and segment; `none` stands for
        who has no reason that raises the risk, or is in no segment.

    Raises:
        UsageError: names the line of each unknown name, unreachable rule, and hole (the line of
            the last rule: a hole is what no rule up to it covers).
    """
    problems = Problems(book.name)
    for rule in book.rules:
        _hold_names(rule, words, problems)
    # Over all tiers, so that a playbook stays right when plan.tiers is narrowed for a while.
    cells = list(product(words.tiers, (*words.reasons, NONE), _segments(book, words)))
    owner: dict[Cell, int] = {}
    for place, rule in enumerate(book.rules):
        mine = [c for c in cells if _fits(rule, c)]
        new = [c for c in mine if c not in owner]
        owner |= dict.fromkeys(new, place)
        if mine and not new:
            lines = sorted({book.rules[owner[c]].line for c in mine})
            _say_unreachable(rule, lines, problems)
    holes = [c for c in cells if c not in owner and c[0] in words.planned]
    if holes and not problems.found:
        problems.add(book.rules[-1].line, _told(holes, words))
    problems.hold()
    return owner


def idle_rules(book: Playbook, planned: Sequence[str]) -> list[Rule]:
    """Rules for tiers alone whose subscribers get no proposal."""
    return [r for r in book.rules if r.tiers is not None and not set(r.tiers) & set(planned)]


def _segments(book: Playbook, words: Vocabulary) -> list[str]:
    """The segments that cells have; those of the rules where there is no list of them."""
    known = words.segments
    if known is None:
        known = sorted({s for rule in book.rules for s in rule.segments or ()} - {NONE})
    return [*known, NONE]


def _hold_names(rule: Rule, words: Vocabulary, problems: Problems) -> None:
    for what, names, known in (
        ("tier", rule.tiers, words.tiers),
        ("reason", rule.reasons, (*words.reasons, NONE)),
        ("segment", rule.segments, None if words.segments is None else (*words.segments, NONE)),
    ):
        for name in names or ():
            if known is not None and name not in known:
                said = f"rule {rule.number} names an unknown {what} {name!r}"
                problems.add(rule.line, f"{said}: {nearest(name, known)}")


def _fits(rule: Rule, cell: Cell) -> bool:
    asked = (rule.tiers, rule.reasons, rule.segments)
    return all(names is None or value in names for names, value in zip(asked, cell, strict=True))


def _say_unreachable(rule: Rule, lines: Sequence[int], problems: Problems) -> None:
    told = ", ".join(map(str, lines))
    problems.add(
        rule.line,
        f"rule {rule.number} is unreachable: every subscriber it fits has a rule before it "
        f"(line {told}): move it up or leave it out",
    )


def _told(holes: Sequence[Cell], words: Vocabulary) -> str:
    shown = "; ".join(
        f"tier {t}, reason {r}" + ("" if words.segments is None else f", segment {s}")
        for t, r, s in holes[:_SHOWN]
    )
    more = f" and {len(holes) - _SHOWN} more" if len(holes) > _SHOWN else ""
    return (
        f"the rules end here with a hole: no rule for {shown}{more}. Add a last rule with tier, "
        "reason and segment any"
    )
