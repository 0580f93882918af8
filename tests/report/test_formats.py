from __future__ import annotations

import pytest

from churnlight.report.formats import between, count, number, percent, signed


@pytest.mark.parametrize(
    ("shown", "expected"),
    [
        (count(1234567), "1,234,567"),
        (count(0), "0"),
        (count(None), "–"),
        (percent(0.0431), "4.3%"),
        (percent(0.0), "0.0%"),
        (percent(None), "–"),
        (percent(0.25, 0), "25%"),
        (number(0.87149), "0.871"),
        (number(-0.5, 1), "−0.5"),
        (signed(0.012), "+0.012"),
        (signed(-0.012), "−0.012"),
        (signed(-0.0001), "0.000"),
        (signed(None), "–"),
        (between(0.84, 0.902), "0.840–0.902"),
        (between(0.122, 0.2, percent), "12.2–20.0%"),
        (between(-0.008, 0.03, signed), "−0.008 … +0.030"),
        (between(None, 0.2), ""),
    ],
)
def test_numbers_read_as_people_write_them(shown, expected):
    assert shown == expected
