"""The page without a browser: what it shows, what it escapes, what it may not load."""

from __future__ import annotations

import base64
import hashlib
import re

import pytest
from retention_world import PEOPLE, month, scores

from churnlight.params.output import HandoutParams
from churnlight.report.words import LANGUAGES
from churnlight.retention.handout import plots_in
from churnlight.retention.month import Plot
from churnlight.retention.page import render_page
from churnlight.retention.words import TEXTS, Words

PNG = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010806000000 1f15c489".replace(" ", "")
)


@pytest.fixture(scope="module")
def page() -> str:
    return render_page(month())


def test_every_text_is_there_in_both_languages() -> None:
    for key, texts in TEXTS.items():
        assert len(texts) == len(LANGUAGES), key
        assert all(texts), key
        places = [set(re.findall(r"{(\w+)}", text)) for text in texts]
        assert places[0] == places[1], key
        assert "because" not in texts[0], key
    assert Words("zh").tier("own name") == "own name"


def test_both_languages_and_the_caveat_are_inside(page) -> None:
    assert '<html lang="en">' in page
    assert '<div class="page zh" lang="zh-CN">' in page
    for language in LANGUAGES:
        assert Words(language)("caveat").replace("'", "&#39;") in page
        assert Words(language)("simulated") in page


def test_the_first_language_is_the_one_it_opens_in() -> None:
    turned = render_page(month(params=HandoutParams(languages=("zh", "en"), cards=1)))
    assert '<html lang="zh-CN">' in turned
    assert re.search(r'id="pick-zh"[^>]* checked', turned)
    alone = render_page(month(params=HandoutParams(languages=("zh",), cards=1)))
    assert 'class="page en"' not in alone


def test_nothing_is_loaded_and_only_its_own_script_may_run(page) -> None:
    policy = re.search(r'Content-Security-Policy" content="([^"]+)"', page)
    assert policy is not None
    assert "default-src &#39;none&#39;" in policy[1] or "default-src 'none'" in policy[1]
    script = re.search(r"<script>(.*?)</script>", page, re.S)
    assert script is not None
    digest = base64.b64encode(hashlib.sha256(script[1].encode()).digest()).decode()
    assert f"sha256-{digest}" in policy[1]
    assert "unsafe-inline" not in policy[1].split("script-src")[1]
    assert not re.search(r'(?:src|href)="(?!#|data:)', page)
    assert not re.search(r"\son\w+=", page)
    assert "url(" not in page


def test_what_comes_from_outside_is_escaped() -> None:
    danger = '"><script>alert(1)</script><img src=x onerror=alert(2)>'
    inputs = month(((danger, *PEOPLE[0][1:]), *PEOPLE[1:]))
    inputs = month(
        ((danger, *PEOPLE[0][1:]), *PEOPLE[1:]),
        people=inputs.people.assign(region=danger, account_id=danger),
    )
    told = render_page(inputs)
    assert told.count("<script>") == 1
    assert "<img" not in told
    assert "&lt;script&gt;alert(1)" in told


def test_the_list_and_the_cards_hold_whom_they_should(page) -> None:
    assert page.count('<tr role="row" data-tier=') == 2 * 5
    assert page.count('<article class="sheet') == 2 * 3
    assert ">S5<" not in page, "has left before the cutoff"
    assert ">S6<" not in page, "is in no tier of the list"
    assert "1 left between 2026-01-01 and 2026-01-06" in page
    short = render_page(month(params=HandoutParams(cards=0, page_rows=2)))
    assert short.count('<tr role="row" data-tier=') == 2 * 2
    assert "2 of 5 are on this page" in short
    assert '<article class="sheet' not in short


def test_a_month_with_nobody_to_call_says_so() -> None:
    told = render_page(month((("S6", "blue", "blue", 0.01, 500.0, False),)))
    assert Words("en")("nobody") in told


def test_movements_show_only_where_there_was_a_month_before(page) -> None:
    assert 'id="movements-en"' not in page
    before = scores().assign(tier="blue")
    told = render_page(month(previous=before, previous_as_of="2025-12-01"))
    assert "Movements since 2025-12-01" in told
    assert "6 subscribers rose to a higher tier, 0 fell to a lower one and 1 stayed." in told
    assert "6 rose two tiers or more. 5 of them stand on top of the call list" in told
    for language in LANGUAGES:
        assert f'<section id="movements-{language}"' in told


def test_who_rose_is_marked_on_page_and_card_in_both_languages(page) -> None:
    assert 'class="risen"' not in page
    assert 'name="risen"' not in page
    tiers = ["red", "red", "blue", "green", "blue", "white", "yellow"]
    told = render_page(month(previous=scores().assign(tier=tiers), previous_as_of="2025-12-01"))
    english = "Rose from blue to yellow since 2025-12-01: call first."
    assert told.count(english) == 2, "in the list and on the card"
    assert told.count("自 2025-12-01 以来由蓝档升至黄档") == 2
    assert told.count(" data-risen>") == 2 * 2
    assert told.index('<span class="id">S3</span>') < told.index('<span class="id">S2</span>')
    assert "First the 2 who rose two tiers or more since 2025-12-01" in told
    assert told.count('name="risen"') == 2


def test_sparklines_have_gaps_and_say_their_numbers(page) -> None:
    card = page[page.index('id="card-en-1"') :]
    card = card[: card.index("</article>")]
    pictures = re.findall(r"<svg .*?</svg>", card, re.S)
    bills = next(p for p in pictures if ">Bill<" in p)
    assert bills.count("<polyline") == 2, "May is not known"
    assert "100.00 in 2025-01, 45.00 in 2025-12; lowest 45.00, highest 100.00" in bills
    assert "12 of" not in bills


def test_pictures_are_inside(tmp_path) -> None:
    for name in ("dependence_bill_money.png", "beeswarm.png", "other.txt"):
        (tmp_path / name).write_bytes(PNG)
    plots = plots_in(tmp_path)
    assert plots == [
        Plot(tmp_path / "beeswarm.png", "beeswarm"),
        Plot(tmp_path / "dependence_bill_money.png", "dependence", "bill_money"),
    ]
    assert plots_in(tmp_path / "none") == []
    told = render_page(month(plots=plots, features={"en": {"bill_money": "Mean bill"}}))
    assert told.count("data:image/png;base64,") == 4
    assert 'alt="Mean bill. Dependence' in told
