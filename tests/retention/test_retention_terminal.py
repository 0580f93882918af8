"""The card on the terminal: 80 columns, bars and sparklines by hand."""

from __future__ import annotations

import pytest
from retention_world import history, month

from churnlight.retention.cards import odds
from churnlight.retention.entries import entries
from churnlight.retention.month import call_list
from churnlight.retention.sheet import cells_of
from churnlight.retention.terminal import bar, card_lines, fitted, spark, wrapped
from churnlight.retention.words import Words


@pytest.fixture
def lines():
    def of(language: str, **changes):
        inputs = month(**changes)
        rows = call_list(inputs.scores, inputs.params.tiers)
        entry = next(entries(inputs, rows, language))
        return card_lines(inputs, entry, history([entry.subscriber]), Words(language))

    return of


@pytest.mark.parametrize("language", ["en", "zh"])
def test_no_line_is_wider_than_the_terminal(lines, language) -> None:
    said = lines(language)
    assert max(map(cells_of, said)) <= 80
    text = "\n".join(said)
    assert "S2" in text
    assert "50.0%" in text
    assert Words(language)("simulated_short") in text
    assert "█" in text
    assert Words(language)("apart", tier=Words(language).tier("green"))[:10] in text


def test_bars_and_sparklines_say_their_numbers() -> None:
    assert bar(1.0) == "█" * 20
    assert bar(0.5) == "█" * 10 + " " * 10
    assert bar(0.5 / 20 + 0.05) == "█▌" + " " * 18
    assert bar(0.0) == " " * 20
    assert bar(7.0) == "█" * 20
    assert spark((0.0, 7.0, None, 3.5)) == "▁█·▅"
    assert spark((0.0, 0.0)) == "▁▁"
    assert spark((None,)) == "·"


def test_texts_break_between_words_or_chinese_letters() -> None:
    for line in wrapped("word " * 40, 4):
        assert cells_of(line) <= 80
        assert line.startswith("    word")
        assert line.endswith("word")
    chinese = wrapped("账" * 100)
    assert [cells_of(line) for line in chinese] == [80, 80, 40]
    assert "".join(wrapped("x" * 200)) == "x" * 200
    assert not any(line.startswith("，") for line in wrapped("账单，" * 60))
    assert fitted("账单账单", 5) == "账单…"
    assert fitted("ab", 4) == "ab  "


def test_nobody_is_certain() -> None:
    assert [odds(p) for p in (0.9999, 0.9995, 0.9994, 0.5, 0.0006, 0.0001)] == [
        *(">99.9%", ">99.9%", "99.9%", "50.0%", "0.1%", "<0.1%")
    ]


def test_who_rose_two_tiers_is_marked_with_from_where_and_since_when() -> None:
    inputs = month()
    before = inputs.scores.assign(tier="blue")
    inputs = month(previous=before, previous_as_of="2025-12-01")
    for language, says in (
        ("en", "^ Rose from blue to red since 2025-12-01: call first."),
        ("zh", "^ 自 2025-12-01 以来由蓝档升至红档，请优先联系。"),
    ):
        entry = next(entries(inputs, inputs.listed, language))
        assert says in card_lines(inputs, entry, None, Words(language))
    plain = next(entries(month(), month().listed, "en"))
    assert not any(line.startswith("^") for line in card_lines(month(), plain, None, Words("en")))
