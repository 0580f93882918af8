"""A playbook is read with its lines; gaps and contradictions are named by them."""

from __future__ import annotations

from pathlib import Path

import pytest
from plan_world import BOOK, REASONS, TIERS, book

from churnlight.errors import UsageError
from churnlight.features.reasons import REASONS as ALL_REASONS
from churnlight.plan.building import COLUMNS, STATUSES
from churnlight.plan.holding import Vocabulary, hold_playbook, idle_rules
from churnlight.plan.playbook import read_playbook
from churnlight.plan.wording import NOTICES, OFFERS, WORDINGS, held_back, texts

WORDS = Vocabulary(TIERS, ("yellow", "red", "white"), REASONS, ("S1", "S2"))
HEAD = BOOK[: BOOK.index("  - tier")]  # five lines
PROPOSE = """\
    propose:
      - {action: care_call, offer: care, channel: call, wording: thanks,
         cost_money: 0, save_rate: 0.1}
"""


def rule(tier: str = "any", reason: str = "any", segment: str = "any") -> str:
    return f"  - tier: {tier}\n    reason: {reason}\n    segment: {segment}\n{PROPOSE}"


def one(**changes: str) -> str:
    """A playbook with one rule and one proposal, the proposal in line 10."""
    entry = {
        "action": "a", "offer": "care", "channel": "call", "wording": "thanks",
        "cost_money": "0", "save_rate": "0.1",
    } | changes  # fmt: skip
    told = ", ".join(f"{k}: {v}" for k, v in entry.items() if v)
    head = "  - tier: any\n    reason: any\n    segment: any\n    propose:\n"
    return f"{HEAD}{head}      - {{{told}}}\n"


@pytest.mark.parametrize(
    ("text", "line", "says"),
    [
        (HEAD + rule("purple") + rule(), 6, "unknown tier 'purple'"),
        (HEAD + rule() + rule("whte"), 12, "did you mean 'white'"),
        (HEAD + rule(reason="bil_level") + rule(), 6, "did you mean 'bill_level'"),
        (HEAD + rule(reason="[handset, gone]") + rule(), 6, "unknown reason 'gone'"),
        (HEAD + rule(segment="S9") + rule(), 6, "unknown segment 'S9': did you mean 'S"),
        (HEAD + rule() + rule("red"), 12, "unreachable: every subscriber it fits has a rule"),
        (HEAD + rule("red") + rule("white") + rule("[red, white]") + rule(), 18, "(line 6, 12)"),
        (HEAD + rule("[red, white]"), 6, "hole: no rule for tier yellow, reason bill_level"),
        (HEAD + rule(segment="[S1, S2]"), 6, "segment none"),
        (HEAD + rule(reason=f"[{', '.join(REASONS)}]"), 6, "reason none"),
        (HEAD + rule("[red, red]") + rule(), 6, "names red twice"),
        (HEAD + rule("[red, any]") + rule(), 6, "names any beside others"),
        (one(offer="cake"), 10, "unknown offer 'cake'"),
        (one(channel="cal"), 10, "did you mean 'call'"),
        (one(wording="tahnks"), 10, "did you mean 'thanks'"),
        (one(cost_money="-1"), 10, "cost_money of proposal 1 is -1: expected a number from 0"),
        (one(cost_money=".nan"), 10, "expected a number from 0"),
        (one(save_rate="1.5"), 10, "expected a number from 0 to 1"),
        (one(save_rate="yes"), 10, "expected a number"),
        (one(cost_money="5"), 10, "gives nothing away"),
        (one(action=""), 10, "proposal 1 lacks action"),
        (one(offr="care"), 10, "unknown key 'offr': did you mean 'offer'"),
        (one(offer="matching_plan"), 9, "is a hole for whoever none of its offers fits"),
        (one() + one().splitlines()[-1] + "\n", 11, "twice, first in line 10"),
        (HEAD + "  - tier: any\n    propose: []\n", 7, "proposes nothing"),
        (HEAD + "  - just text\n", 6, "expected a mapping"),
        (HEAD.replace("contact_money: 4", "contact_money: 0") + rule(), 3, "from 0.01"),
        (HEAD.replace("calls: 1", "calls: 0.5") + rule(), 3, "expected a whole number"),
        (HEAD + rule() + "channels: {}\n", 12, "duplicate key"),
        (HEAD + rule() + "offer:\n  a: 1\n", 12, "unknown key 'offer': did you mean 'offers'"),
        (HEAD + "   - tier: [\n", 7, ""),
        ("schema_version: 2\n" + HEAD[18:] + rule(), 1, "this churnlight reads 1"),
        ("- a\n", 1, "expected a mapping"),
    ],
)  # fmt: skip
def test_what_is_wrong_is_named_with_its_line(
    tmp_path: Path, text: str, line: int, says: str
) -> None:
    with pytest.raises(UsageError) as told:
        hold_playbook(book(tmp_path, text), WORDS)
    assert f"line {line}: " in str(told.value)
    assert says in str(told.value)


def test_everything_wrong_is_told_at_once(tmp_path: Path) -> None:
    text = one(offer="cake", save_rate="2").replace("calls: 1", "calls: x")
    with pytest.raises(UsageError, match=r"line 3: .*line 10: .*line 10: "):
        book(tmp_path, text)


def test_a_missing_file_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"plan\.playbook"):
        read_playbook(tmp_path / "none.yaml")


OWN = """\
offers:
  cake:
    kind: fixed
    en: A cake worth {cost}.
    zh: "{words}"
    never_en: No candles.
    never_zh: 不送蜡烛。
"""


@pytest.mark.parametrize("words", ["签约后锁定两年", "合约绑定", "A lock-in", "{wrong} braces"])
def test_own_offers_never_call_an_agreement_a_bond(tmp_path: Path, words: str) -> None:
    with pytest.raises(UsageError, match="line 16: zh of offer cake"):
        book(tmp_path, HEAD + rule() + OWN.replace("{words}", words))


def test_own_offers_can_be_proposed(tmp_path: Path) -> None:
    text = one(offer="cake", cost_money="3") + OWN.replace("{words}", "价值 {cost} 的蛋糕")
    (proposal,) = book(tmp_path, text).proposals
    assert (proposal.offer.en, proposal.cost_cents) == ("A cake worth {cost}.", 300)


@pytest.mark.parametrize(
    ("tier", "reason", "segment", "place"),
    [
        ("red", "handset", "S1", 0),
        ("red", "handset", "S2", 2),
        ("red", "none", "S1", 2),
        ("white", "handset", "S1", 1),
        ("yellow", "handset", "none", 2),
    ],
)
def test_the_first_rule_that_fits_counts(
    tmp_path: Path, tier: str, reason: str, segment: str, place: int
) -> None:
    text = HEAD + rule("red", "handset", "S1") + rule("white") + rule()
    assert hold_playbook(book(tmp_path, text), WORDS)[tier, reason, segment] == place


def test_without_segments_their_names_are_taken_as_they_are(tmp_path: Path) -> None:
    words = Vocabulary(TIERS, ("red",), REASONS, None)
    owner = hold_playbook(book(tmp_path, HEAD + rule(segment="S9") + rule()), words)
    assert owner["red", "handset", "none"] == 1


def test_a_rule_for_a_tier_that_is_not_planned_is_idle(tmp_path: Path) -> None:
    made = book(tmp_path, HEAD + rule("blue") + rule("[blue, red]") + rule())
    hold_playbook(made, WORDS)
    assert [r.line for r in idle_rules(made, WORDS.planned)] == [6]


def test_the_playbook_that_comes_with_it_has_no_gap() -> None:
    shipped = read_playbook()
    for tiers in (("yellow", "red", "white"), ("white",), TIERS):
        hold_playbook(shipped, Vocabulary(TIERS, tiers, tuple(ALL_REASONS), ("S1",)))
    used = {p.offer.code for p in shipped.proposals}
    assert used == {o.code for o in OFFERS}
    assert {p.wording.key for p in shipped.proposals} == {w.key for w in WORDINGS}


def test_no_text_calls_an_agreement_a_bond() -> None:
    assert len(texts()) == 4 * len(OFFERS) + 2 * len(WORDINGS) + 2 * len(NOTICES) + 10
    assert [t for t in texts() if held_back(t)] == []
    assert all(text.strip() for text in texts())


@pytest.mark.parametrize(
    "text",
    [
        "a 24-month lock-in", "Locked in for a year", "we lock you in", "bound to us", "a trap",
        "you can't leave", "锁定用户", "套牢", "绑定两年", "捆绑销售", "协议期内不得携号转网",
    ],
)  # fmt: skip
def test_words_of_that_kind_are_found(text: str) -> None:
    assert held_back(text) is not None


@pytest.mark.parametrize("text", ["a block of minutes", "clock in", "unlock a phone", "解绑"])
def test_other_words_are_not(text: str) -> None:
    assert held_back(text) is None


def test_the_documentation_is_right(tmp_path: Path) -> None:
    page = (Path(__file__).parents[2] / "docs" / "plan.md").read_text(encoding="utf-8")
    example = page.split("```yaml\n")[1].split("```")[0]
    words = Vocabulary(TIERS, ("yellow", "red", "white"), tuple(ALL_REASONS), ("S1",))
    owner = hold_playbook(book(tmp_path, example), words)
    assert owner["red", "contract_ending", "S1"] == 0
    told = page.split("## Columns")[1]
    assert [c for c in COLUMNS if c not in told] == []
    assert [s for s in STATUSES if s not in told] == []
    assert [o.code for o in OFFERS if o.code not in page] == []
