"""The page in a real browser: both widths, keyboard, print, no network, and without its script."""

from __future__ import annotations

import re
from dataclasses import replace

import pandas as pd
import pytest
from retention_world import many, month, scores

from churnlight.retention.page import render_page

pytestmark = pytest.mark.slow

# A4 in CSS pixels, less the margins of the page's own @page rule.
A4_HEIGHT = 297 / 25.4 * 96


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    path = tmp_path_factory.mktemp("retention") / "call_list.html"
    path.write_text(render_page(many(120)), encoding="utf-8")
    return path.as_uri()


@pytest.fixture
def opened(browser, address):
    """Open the page offline; whatever it says or asks for is kept, and must be nothing."""
    contexts, told, asked = [], [], []

    def open_page(width=1280, script=True, url=address):
        context = browser.new_context(
            viewport={"width": width, "height": 900}, java_script_enabled=script, offline=True
        )
        contexts.append(context)
        page = context.new_page()
        page.on("console", lambda message: told.append(message.text))
        page.on("pageerror", lambda error: told.append(str(error)))
        page.on("request", lambda request: asked.append(request.url))
        page.goto(url)
        return page

    yield open_page
    for context in contexts:
        context.close()
    assert told == []
    assert set(asked) <= {address} or all(url.startswith("file:") for url in asked)


def shown(page):
    return page.locator(".page.en .people tbody tr:visible").count()


@pytest.mark.parametrize("width", [1280, 390])
def test_it_searches_filters_and_turns_pages(opened, width):
    page = opened(width)
    assert shown(page) == 50
    status = page.locator(".page.en .status")
    assert status.inner_text() == "120 found, showing 1–50"
    page.locator(".page.en .pager .on").first.click()
    assert status.inner_text() == "120 found, showing 51–100"
    assert page.locator(".page.en .pager .back").first.is_enabled()
    page.get_by_label("Search").first.fill("n0007")
    assert shown(page) == 1
    assert "N0007" in page.locator(".page.en .people tbody tr:visible").inner_text()
    page.get_by_role("button", name="Clear").click()
    page.wait_for_function("document.querySelector('.page.en .status').textContent[0] === '1'")
    page.locator("#tier-en").select_option("red")
    # Of 120 in turn through three tiers, a third is red.
    assert status.inner_text() == "40 found, showing 1–40"
    page.locator("#reason-en").select_option("falling_silent")
    assert shown(page) == 40, "everybody here has both reasons"
    page.locator("#apart-en").check()
    both = page.locator(".page.en .people tbody tr:visible")
    assert 0 < both.count() < 40
    assert all("disagree" in text for text in both.all_inner_texts())
    page.get_by_label("Search").first.fill("nothing like it")
    assert status.inner_text().startswith("Nobody found")


def test_the_keyboard_reaches_search_filters_and_cards(opened):
    page = opened()
    order = []
    for _ in range(40):
        page.keyboard.press("Tab")
        order.append(page.evaluate("document.activeElement.id || document.activeElement.className"))
        if order[-1] == "find-en":
            break
    assert order[-1] == "find-en"
    page.keyboard.type("n0003")
    assert shown(page) == 1
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"
    for expected in ("tier-en", "area-en", "reason-en", "apart-en"):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == expected
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_function("document.querySelector('#find-en').value === ''")
    page.locator(".page.en a[href='#card-en-2']").focus()
    page.keyboard.press("Enter")
    assert page.evaluate("location.hash") == "#card-en-2"
    box = page.locator("#card-en-2").bounding_box()
    assert -5 <= box["y"] <= 60


def test_screen_readers_are_told(opened):
    page = opened()
    assert page.get_by_role("heading", level=1).first.is_visible()
    assert page.get_by_role("search").first.is_visible()
    assert page.get_by_role("article", name="Subscriber N0000").count() == 1
    pictures = page.locator(".page.en svg[role=img]")
    assert pictures.count() > 0
    named = pictures.evaluate_all(
        "all => all.every(s => s.getAttribute('aria-labelledby').split(' ')"
        ".every(id => document.getElementById(id).textContent))"
    )
    assert named
    unnamed = page.locator(".page.en :is(button, input, select, a):visible").evaluate_all(
        "all => all.filter(e => !e.textContent.trim() && !e.ariaLabel && !e.labels?.length)"
        ".map(e => e.outerHTML)"
    )
    assert unnamed == []
    twice = page.evaluate(
        "[...document.querySelectorAll('[id]')].map(e => e.id)"
        ".filter((id, i, all) => all.indexOf(id) !== i)"
    )
    assert twice == []
    # A tier is a word, not only a colour.
    chips = page.locator(".page.en .people .chip").all_inner_texts()
    assert set(chips) <= {"yellow", "red", "white", ""}


def test_the_language_switches_and_the_document_says_so(opened):
    page = opened()
    page.locator(".page.en label[for=pick-zh]").click()
    assert page.locator(".page.zh .people").is_visible()
    assert page.evaluate("document.documentElement.lang") == "zh-CN"
    page.locator("#find-zh").fill("n0005")
    assert page.locator(".page.zh .people tbody tr:visible").count() == 1
    page.keyboard.press("Escape")


@pytest.mark.parametrize("width", [1280, 390])
def test_nothing_sticks_out(opened, width):
    page = opened(width)
    for language in ("en", "zh"):
        page.evaluate(f"document.getElementById('pick-{language}').click()")
        assert page.evaluate("document.documentElement.scrollWidth") <= width
        outside = page.locator(
            f".page.{language} :not(.scroll *, .unseen, .unseen *, thead *)"
        ).evaluate_all(
            "all => all.filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
            ".map(e => e.outerHTML.slice(0, 80))"
        )
        assert outside == []


def test_without_its_script_everything_is_there(opened):
    page = opened(script=False)
    assert shown(page) == 120
    assert not page.locator(".page.en .filters").is_visible()
    assert not page.locator(".page.en .print-all").is_visible()
    page.locator(".page.en label[for=pick-zh]").click()
    assert page.locator(".page.zh .sheet").first.is_visible()


def pages_of(pdf: bytes) -> int:
    return len(re.findall(rb"/Type\s*/Page\b(?!s)", pdf))


def test_each_card_prints_on_one_sheet_of_a4(opened):
    page = opened()
    page.evaluate("window.print = () => {}")
    page.locator(".page.en .print-all").click()
    pdf = page.pdf(prefer_css_page_size=True)
    assert pages_of(pdf) == 8
    box = re.search(rb"/MediaBox\s*\[\s*0 0 ([\d.]+) ([\d.]+)", pdf)
    assert box is not None
    assert [round(float(v)) for v in box.groups()] == [595, 842]
    page.emulate_media(media="print")
    # What is drawn must fit inside the sheet: nothing is cut off at its lower edge.
    cut = page.locator(".page.en .sheet").evaluate_all(
        "all => all.map(s => s.scrollHeight - s.clientHeight)"
    )
    assert max(cut) <= 0
    assert page.locator(".page.en .sheet").first.bounding_box()["height"] < A4_HEIGHT
    page.evaluate("window.dispatchEvent(new Event('afterprint'))")
    page.emulate_media(media="null")
    page.locator("#card-en-3 .print-one").click()
    assert pages_of(page.pdf(prefer_css_page_size=True)) == 1


def test_a_full_card_with_long_texts_still_fits(browser, tmp_path):
    """Three long reasons, a long rule and long names: the worst that the words can do."""
    inputs = month()
    long = inputs.reasons.assign(quoted=None)
    rule = inputs.rules["en"][1]
    text = " and ".join(
        ["Outgoing minutes a day, last month over the window's mean ≤ 0.578151"] * 9
    )
    inputs = month(
        reasons=long,
        rules={k: {1: replace(rule, text=text)} for k in ("en", "zh")},
        people=inputs.people.assign(account_id="A" * 64, region="a-rather-long-name-of-a-region"),
    )
    path = tmp_path / "long.html"
    path.write_text(render_page(inputs), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    page.evaluate("document.body.classList.add('only-cards')")
    assert pages_of(page.pdf(prefer_css_page_size=True)) == 3
    page.emulate_media(media="print")
    cut = page.locator(".page.en .sheet").evaluate_all(
        "all => all.map(s => s.scrollHeight - s.clientHeight)"
    )
    assert max(cut) <= 0
    page.close()


def test_six_long_reasons_and_a_rule_of_twenty_questions_fit_too(browser, tmp_path):
    inputs = month()
    rows = inputs.reasons[inputs.reasons["rank"] == 1]
    ups = rows[rows["direction"] == "up"]
    more = [ups.assign(rank=rank) for rank in range(1, 7)]
    rule = inputs.rules["en"][1]
    text = " and ".join(["outgoing minutes a day, last month over the mean ≤ 58 %"] * 20)
    inputs = month(
        reasons=pd.concat([*more, rows[rows["direction"] == "down"]], ignore_index=True),
        rules={k: {1: replace(rule, text=text)} for k in ("en", "zh")},
    )
    path = tmp_path / "six.html"
    path.write_text(render_page(inputs), encoding="utf-8")
    page = browser.new_page()
    page.goto(path.as_uri())
    # The words of these reasons are short; make each as long as two full lines.
    page.locator(".said .text").evaluate_all(
        "all => all.forEach(t => { t.textContent = 'bill falling 76 % a month; '.repeat(8) })"
    )
    page.evaluate("document.body.classList.add('only-cards')")
    assert pages_of(page.pdf(prefer_css_page_size=True)) == 3
    page.emulate_media(media="print")
    sheet = page.locator(".page.en .sheet").first
    assert sheet.evaluate("s => s.scrollHeight - s.clientHeight") <= 0
    foot = sheet.locator(".foot").bounding_box()
    box = sheet.bounding_box()
    assert foot["y"] + foot["height"] <= box["y"] + box["height"] + 1
    notes = sheet.locator(".blanks").bounding_box()
    assert notes["height"] > 60
    page.close()


def test_an_id_that_is_markup_is_shown_and_not_run(opened, tmp_path):
    danger = "<script>document.title='run'</script>"
    table = scores()
    inputs = month()
    swap = {"S2": danger}
    inputs = month(
        scores=table.replace({"subscriber_id": swap}),
        reasons=inputs.reasons.replace({"subscriber_id": swap}),
        people=inputs.people.replace({"subscriber_id": swap}),
    )
    path = tmp_path / "danger.html"
    path.write_text(render_page(inputs), encoding="utf-8")
    page = opened(url=path.as_uri())
    assert page.title() != "run"
    assert page.locator(".page.en .people .id").first.inner_text() == danger
    page.get_by_label("Search").first.fill("<script>")
    assert shown(page) == 1
