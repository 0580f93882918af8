"""The report in a real browser: both widths, both languages, no script, no network."""

from __future__ import annotations

import pytest

from churnlight.report.html import render

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def address(make_inputs, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "churnlight.html"
    path.write_text(render(make_inputs()), encoding="utf-8")
    return path.as_uri()


@pytest.mark.parametrize("width", [1280, 390])
@pytest.mark.parametrize("script", [True, False])
def test_it_opens_offline_and_switches_language(browser, address, width, script):
    context = browser.new_context(
        viewport={"width": width, "height": 900}, java_script_enabled=script, offline=True
    )
    page = context.new_page()
    told: list[str] = []
    asked: list[str] = []
    page.on("console", lambda message: told.append(message.text))
    page.on("pageerror", lambda error: told.append(str(error)))
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    english, chinese = page.locator(".page.en"), page.locator(".page.zh")
    assert english.is_visible()
    assert not chinese.is_visible()
    english.locator("label[for=pick-zh]").click()
    assert chinese.is_visible()
    assert not english.is_visible()
    assert chinese.get_by_role("heading", level=1).inner_text() == "谁可能离网"
    # The keyboard does it too: the arrow keys move between the two radio buttons.
    page.keyboard.press("ArrowLeft")
    assert english.is_visible()
    assert told == []
    assert asked == [address]
    context.close()


@pytest.mark.parametrize("width", [1280, 390])
def test_the_page_never_scrolls_sideways_and_tables_do(browser, address, width):
    page = browser.new_page(viewport={"width": width, "height": 900})
    page.goto(address)
    for language in ("en", "zh"):
        page.locator(f".page:visible label[for=pick-{language}]").click()
        page.locator(f".page.{language} details").evaluate_all("all => all.map(d => d.open = true)")
        wide = page.evaluate("document.documentElement.scrollWidth")
        assert wide <= width
        # Nothing but the scrolling boxes may stick out of the page.
        outside = page.locator(f".page.{language} :not(.scroll *)").evaluate_all(
            "all => all.filter(e => e.getBoundingClientRect().right > innerWidth + 1)"
            ".map(e => e.outerHTML.slice(0, 80))"
        )
        assert outside == []
    page.close()


def test_the_widths_show_their_own_picture_of_time(browser, address):
    for width, seen, hidden in ((1280, "wide", "narrow"), (390, "narrow", "wide")):
        page = browser.new_page(viewport={"width": width, "height": 900})
        page.goto(address)
        shown = page.locator(f".page.en .time .{seen} svg").first
        assert shown.is_visible()
        assert not page.locator(f".page.en .time .{hidden} svg").first.is_visible()
        # Letters of the picture stay readable: drawn at no less than 85 % of their size.
        scale = shown.evaluate("s => s.getBoundingClientRect().width / s.viewBox.baseVal.width")
        assert scale > 0.85
        page.close()


def test_it_prints_without_switch_and_contents(browser, address):
    page = browser.new_page()
    page.goto(address)
    page.emulate_media(media="print", color_scheme="dark")
    assert not page.locator(".page.en nav").is_visible()
    assert page.locator(".page.en h1").is_visible()
    paper = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert paper == "rgb(255, 255, 255)"
    page.close()
