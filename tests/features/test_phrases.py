"""The facts that sentences state: nothing in them is missing, misspelt or unknown."""

from __future__ import annotations

import re

import pytest

from churnlight.explain.values import DATES, UNITS, WAYS
from churnlight.features import CATALOGUE, REASONS
from churnlight.features.phrases import PHRASES, Phrase
from churnlight.features.phrases.phrase import DERIVED, MONTHS, fields, parts

FEATURES = {f.name: f for f in CATALOGUE}


def faults(phrase: Phrase) -> list[str]:
    """What is wrong with a phrase; nothing where all is well."""
    named = {name for text in (phrase.en, phrase.zh) for name, _ in fields(text)}
    known = {*FEATURES, *DERIVED, *MONTHS}
    found = [f"no feature {name}" for name in sorted(named - known)]
    found += [f"no feature {n} to ask" for n, _, _ in phrase.when if n not in FEATURES]
    if not re.search("[\u4e00-\u9fff]", phrase.zh):
        found.append("no Chinese")
    if not re.search("[a-z]", phrase.en) or re.search("[\u4e00-\u9fff]", phrase.en):
        found.append("no English")
    if phrase.reason not in REASONS:
        found.append(f"no reason {phrase.reason}")
    english, chinese = ({n for n, _ in fields(t)} - {*MONTHS} for t in (phrase.en, phrase.zh))
    if english != chinese:
        found.append(f"one language alone states {sorted(english ^ chinese)}")
    for text in (phrase.en, phrase.zh):
        found += [f"no way {how!r}" for _, how in fields(text) if not _known(how)]
        if re.search("because|due to|reason|因为|由于|原因", text, re.IGNORECASE):
            found.append("claims a cause")
        if "{" in "".join(p for p in parts(text) if isinstance(p, str)):
            found.append("a brace that is no field")
    return found


def _known(how: str) -> bool:
    way = how.removeprefix("vs").strip() if how.startswith("vs") else how
    return way in {"", *WAYS, *DATES} or way.count("|") == 1


@pytest.mark.parametrize("phrase", PHRASES, ids=lambda p: p.en[:50])
def test_a_phrase_is_whole(phrase: Phrase) -> None:
    assert faults(phrase) == []


@pytest.mark.parametrize(
    ("phrase", "fault"),
    [
        (
            Phrase("handset", "a {handset_agedays}", "终端{handset_agedays}"),
            "no feature handset_ag",
        ),
        (Phrase("handset", "a handset", ""), "no Chinese"),
        (Phrase("handset", "终端", "终端"), "no English"),
        (Phrase("hand_set", "a handset", "终端"), "no reason hand_set"),
        (Phrase("handset", "{handset_age_days} old", "终端"), "one language alone states"),
        (Phrase("handset", "{handset_age_days:old}", "终端{handset_age_days}"), "no way 'old'"),
        (Phrase("handset", "because old", "终端"), "claims a cause"),
        (Phrase("handset", "a handset", "终端", when=(("age", ">", 1),)), "no feature age to ask"),
        (Phrase("handset", "{handset age}", "终端"), "a brace"),
    ],
)
def test_a_phrase_that_is_not_whole_is_found(phrase: Phrase, fault: str) -> None:
    assert any(fault in found for found in faults(phrase))


def test_every_reason_has_facts_and_every_feature_but_few_is_stated_by_its_own_reason() -> None:
    assert {p.reason for p in PHRASES} == set(REASONS)
    stated = {(p.reason, name) for p in PHRASES for name in p.quoted}
    # Said well enough by the contract's end; a sentence falls back on their meaning.
    assert [f.name for f in CATALOGUE if (f.reason, f.name) not in stated] == [
        "contract_expired_flag"
    ]


def test_a_fact_speaks_for_a_reason_that_its_features_have() -> None:
    for phrase in PHRASES:
        for name in phrase.quoted:
            assert FEATURES[name].reason == phrase.reason or (phrase.reason, name) in {
                ("bill_falling", "bill_money"),
            }, (phrase.en, name)


def test_every_unit_can_be_written() -> None:
    assert {f.unit for f in CATALOGUE if not f.is_category} <= set(UNITS)


def test_titles_of_the_other_direction_come_in_both_languages() -> None:
    for reason in REASONS.values():
        assert bool(reason.other_en) == bool(reason.other_zh), reason.code
        for zh in (reason.title_zh, reason.other_zh or "无"):
            assert re.search("[\u4e00-\u9fff]", zh), reason.code
    assert all(r.other_en for r in REASONS.values() if r.protective)
