"""Positions worked out by hand; texts escaped; every picture named."""

from __future__ import annotations

import re
from itertools import pairwise
from xml.etree import ElementTree as ET

import pytest

from churnlight.report import charts
from churnlight.report.svg import Axis, Caption, coordinate, element

SVG = "{http://www.w3.org/2000/svg}"
CAPTION = Caption("x", "A & B", "says <so>")
LABELS = charts.Labels("along", "up", "chance", CAPTION)


def _parse(markup) -> ET.Element:
    return ET.fromstring(str(markup))  # noqa: S314 - our own output


def _of(root: ET.Element, tag: str, class_: str) -> list[ET.Element]:
    return [e for e in root.iter(SVG + tag) if e.get("class") == class_]


def test_a_picture_is_named_for_screen_readers_and_escaped():
    root = _parse(charts.bar(0.5, CAPTION))
    assert root.get("role") == "img"
    names = root.get("aria-labelledby").split()
    said = {e.get("id"): e.text for e in root if e.get("id")}
    assert [said[name] for name in names] == ["A & B", "says <so>"]


def test_an_axis_maps_ends_middle_and_outside():
    axis = Axis(0, 2, 100, 300)
    assert [axis(v) for v in (0, 1, 2, 5, -1)] == [100, 200, 300, 300, 100]
    root = Axis(0, 1, 0, 100, root=True)
    assert root(0.25) == 50
    assert Axis(0, 0, 7, 9)(0) == 7


def test_coordinates_are_short_and_never_minus_zero():
    assert [coordinate(v) for v in (1.0, 1.26, -0.01, 0.0)] == ["1", "1.3", "0", "0"]


def test_attributes_are_escaped():
    assert str(element("text", "<b>", class_='x" onload="y')) == (
        '<text class="x&#34; onload=&#34;y">&lt;b&gt;</text>'
    )


def test_roc_runs_from_corner_to_corner():
    series = [charts.Series("gbm", "G", [(0, 0), (0.5, 0.5), (1, 1)])]
    root = _parse(charts.roc(series, LABELS))
    (curve,) = _of(root, "polyline", "curve gbm")
    points = [tuple(map(float, p.split(","))) for p in curve.get("points").split()]
    (chance,) = _of(root, "line", "reference")
    first = (float(chance.get("x1")), float(chance.get("y1")))
    last = (float(chance.get("x2")), float(chance.get("y2")))
    assert points[0] == first
    assert points[-1] == last
    assert points[1] == ((first[0] + last[0]) / 2, (first[1] + last[1]) / 2)
    assert first[0] < last[0]
    assert first[1] > last[1]


def test_an_interval_stands_where_its_square_roots_are():
    # 190 wide with 4 of air: 0 at 4, top (0.64) at 186; 0.16 is half of it by square root.
    root = _parse(charts.interval((0.16, 0.04, 0.36), 0.64, 0.01, CAPTION))
    (dot,) = _of(root, "circle", "value")
    (whisker,) = _of(root, "line", "whisker")
    assert float(dot.get("cx")) == 4 + 182 * 0.5
    assert float(whisker.get("x1")) == pytest.approx(4 + 182 * 0.25, abs=0.05)
    assert float(whisker.get("x2")) == pytest.approx(4 + 182 * 0.75, abs=0.05)


def test_what_is_unknown_is_not_drawn():
    root = _parse(charts.interval((None, None, None), 0.5, None, CAPTION))
    assert not list(root.iter(SVG + "circle"))
    bins = {"gbm": [{"predicted": 0.1, "observed": None, "observed_low": 0, "observed_high": 1}]}
    root = _parse(charts.calibration(bins, {"gbm": "G"}, LABELS))
    assert not [e for e in root.iter() if e.get("class") == "whisker gbm"]


def test_a_difference_of_zero_stands_on_the_zero_line():
    root = _parse(charts.difference((0.0, -0.1, 0.2), 0.2, CAPTION))
    (zero,) = _of(root, "line", "zero")
    (dot,) = _of(root, "circle", "value")
    (whisker,) = _of(root, "line", "whisker")
    assert dot.get("cx") == zero.get("x1") == "85"
    assert (float(whisker.get("x1")), float(whisker.get("x2"))) == (44.5, 166)


def test_the_strip_shows_the_smallest_tier_and_keeps_proportions():
    root = _parse(charts.strip([("tier-0", 6000), ("tier-1", 3000), ("tier-2", 0)], CAPTION))
    widths = [float(e.get("width")) for e in root.iter(SVG + "rect")]
    assert widths[2] > 5
    # Each part has the same least width on top of its share.
    assert (widths[0] - widths[2]) / (widths[1] - widths[2]) == pytest.approx(2, abs=0.001)


def test_models_differ_in_more_than_colour():
    series = [charts.Series("gbm", "G", [(0, 0)]), charts.Series("tree", "T", [(0, 0)])]
    root = _parse(charts.roc(series, LABELS))
    marks = {e.get("class"): e.tag for e in root.iter() if "mark" in (e.get("class") or "")}
    assert marks == {"mark gbm": SVG + "circle", "mark tree": SVG + "rect"}


def test_ticks_of_a_calibration_do_not_touch():
    one = {"predicted": 0.3, "observed": 0.3, "observed_low": 0.2, "observed_high": 0.4}
    markup = str(charts.calibration({"gbm": [one]}, {"gbm": "G"}, LABELS))
    ticks = re.findall(r'<text x="([\d.]+)" y="272" class="tick"', markup)
    places = sorted(map(float, ticks))
    assert len(places) > 3
    assert min(b - a for a, b in pairwise(places)) >= 28
