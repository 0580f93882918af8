from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from churnlight.params.data import TimeParams
from churnlight.report import timechart
from churnlight.report.svg import Caption
from churnlight.timeline import moment

SVG = "{http://www.w3.org/2000/svg}"
CAPTION = Caption("t", "time", "says")
NAMES = timechart.Names("window", "gap", "horizon")


def _drawn(markup) -> dict[str, tuple[float, float]]:
    """Left and right end of every bar and line, by class."""
    found = {}
    for e in ET.fromstring(str(markup)).iter():  # noqa: S314 - our own output
        if e.tag == SVG + "rect":
            x = float(e.get("x"))
            found[e.get("class")] = (x, x + float(e.get("width")))
        elif e.tag == SVG + "line":
            found[e.get("class")] = (float(e.get("x1")), float(e.get("x2")))
    return found


def test_the_picture_is_to_scale_day_by_day():
    # August to December 2025: 31 + 30 + 31 days of window, 30 + 31 of horizon: 153 in 1000 - 12 px.
    drawn = _drawn(timechart.picture(moment("2025-11-01", TimeParams()), NAMES, 1000, CAPTION))
    day = 988 / 153
    assert drawn["window"] == pytest.approx((6, 6 + 92 * day), abs=0.11)
    assert drawn["horizon"] == pytest.approx((6 + 92 * day, 994), abs=0.11)
    assert drawn["as-of"][0] == pytest.approx(6 + 92 * day, abs=0.06)
    assert drawn["cutoff"][0] == pytest.approx(6 + 97 * day, abs=0.06)
    assert "gap" not in drawn


def test_a_gap_and_a_horizon_in_days_are_drawn():
    time = TimeParams(gap_months=1, horizon_days=28)
    drawn = _drawn(timechart.picture(moment("2025-11-01", time), NAMES, 1000, CAPTION))
    day = 988 / (92 + 30 + 28)
    assert drawn["gap"] == pytest.approx((6 + 92 * day, 6 + 122 * day), abs=0.11)
    assert drawn["horizon"] == pytest.approx((6 + 122 * day, 994), abs=0.11)


def test_dates_stand_in_the_picture():
    text = str(timechart.picture(moment("2025-11-01", TimeParams()), NAMES, 340, CAPTION))
    for date in ("as_of 2025-11-01", "cutoff 2025-11-06", ">2025-08<", ">2025-12<"):
        assert date in text


def test_month_names_thin_out_where_there_is_no_room():
    moments = [moment(f"2025-{m:02d}-01", TimeParams()) for m in range(4, 12)]
    wide = str(timechart.roles(moments, {}, 1000, CAPTION))
    narrow = str(timechart.roles(moments, {}, 340, CAPTION))
    assert wide.count('class="tick"') == 12
    assert 2 <= narrow.count('class="tick"') <= 4


def test_every_as_of_has_a_row_with_its_role():
    moments = [moment(a, TimeParams()) for a in ("2025-04-01", "2025-11-01")]
    text = str(
        timechart.roles(moments, {"2025-04-01": "fit", "2025-11-01": "<test>"}, 1000, CAPTION)
    )
    assert text.count('class="window"') == 2
    assert ">fit<" in text
    assert "&lt;test&gt;" in text
