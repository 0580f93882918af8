"""Both languages have every text, with the same placeholders."""

from __future__ import annotations

import re
from pathlib import Path
from string import Formatter

import pytest

import churnlight.report
from churnlight.features.feature import FAMILIES
from churnlight.report.words import LANGUAGES, TEXTS, Words

PACKAGE = Path(churnlight.report.__file__).parent
# Names that Chinese analysts write in Latin letters too.
LATIN = {"language", "gbm", "roc_auc", "pr_auc", "minus", "meaning_shap", "measure_of"}


def _placeholders(text: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(text) if name}


@pytest.mark.parametrize("key", sorted(TEXTS))
def test_every_text_is_there_in_both_languages(key):
    english, chinese = TEXTS[key]
    assert english.strip()
    assert chinese.strip()
    assert _placeholders(english) == _placeholders(chinese)
    assert not re.search(r"[\u4e00-\u9fff]", english) or key == "language"
    assert key in LATIN or re.search(r"[\u4e00-\u9fff]", chinese), chinese
    assert not re.search(r"[<>&]", english + chinese), "markup belongs in the template"


def test_every_text_is_used():
    code = "\n".join(
        p.read_text(encoding="utf-8")
        for p in [*PACKAGE.glob("*.py"), *PACKAGE.glob("templates/*.html")]
        if not p.name.startswith("words_")
    )
    kinds = set(re.findall(r'named\(\s*"(\w+)"', code))
    assert kinds == {"tier", "baseline", "family", "rule", "role", "kind", "segment"} | {
        "action",
        "channel",
        "sex",
    }
    built = set(re.findall(r'f"(\w*)\{[^{}"]+\}(\w*)"', code))

    def used(key: str) -> bool:
        if re.search(rf"""["']{key}["']""", code):
            return True
        if any(key.startswith(f"{kind}_") for kind in kinds):
            return True
        return any(
            (a or b) and key.startswith(a) and key.endswith(b) and len(key) > len(a + b)
            for a, b in built
        )

    assert [key for key in TEXTS if not used(key)] == []


def test_families_are_named_as_the_feature_catalogue_names_them():
    ours = {key.removeprefix("family_") for key in TEXTS if key.startswith("family_")}
    assert ours == set(FAMILIES)
    titles = {name: (rules.title_en, rules.title_zh) for name, rules in FAMILIES.items()}
    assert {name: TEXTS[f"family_{name}"] for name in ours} == titles


def test_words_choose_the_language_and_fill_in():
    assert Words("en")("lift", share="5") == "Lift at 5%"
    assert Words("zh")("lift", share="5") == "前 5% 提升度"
    assert Words("zh").named("tier", "red") == "红"
    assert Words("zh").named("tier", "very_risky") == "very risky"
    assert LANGUAGES == ("en", "zh")


def test_an_unknown_text_or_a_missing_value_is_an_error():
    with pytest.raises(KeyError, match="nothing"):
        Words("en")("nothing")
    with pytest.raises(KeyError, match="share"):
        Words("en")("lift")
