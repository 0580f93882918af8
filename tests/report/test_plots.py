from __future__ import annotations

from copy import deepcopy

import matplotlib as mpl
import numpy as np
import pytest
from matplotlib.image import imread

from churnlight.report.palette import tint
from churnlight.report.plots import PLOTS, write_plots


@pytest.fixture(scope="module")
def drawn(details, importance, tmp_path_factory):
    return write_plots(details, importance, tmp_path_factory.mktemp("plots"))


def test_five_plots_the_same_bytes_whatever_the_users_style(drawn, details, importance, tmp_path):
    with mpl.rc_context({"figure.facecolor": "red", "font.size": 20, "savefig.dpi": 50}):
        second = write_plots(details, importance, tmp_path / "b")
    assert [p.name for p in second] == list(PLOTS)
    assert sorted(p.name for p in (tmp_path / "b").iterdir()) == sorted(PLOTS)
    for a, b in zip(drawn, second, strict=True):
        assert a.read_bytes() == b.read_bytes()
        assert b"Software" not in a.read_bytes()
        assert b"tEXt" not in a.read_bytes()


def test_tiers_stand_in_their_colours(drawn):
    path = drawn[PLOTS.index("tiers.png")]
    pixels = np.round(imread(path)[..., :3] * 255).astype(int).reshape(-1, 3)
    seen = {tuple(p) for p in np.unique(pixels, axis=0)}
    for tier in ("blue", "green", "yellow", "red"):
        fill = tint(tier).fill
        assert tuple(int(fill[i : i + 2], 16) for i in (1, 3, 5)) in seen


def test_what_is_unknown_is_left_out_and_other_numbers_give_other_pictures(
    drawn, details, tmp_path
):
    bare = deepcopy(details)
    for model in bare["models"].values():
        model |= {"roc": [], "pr": [], "reliability": []}
        model["tiers"][4] |= {"rate": None, "rate_low": None, "rate_high": None}
        # Rounding may put a limit a hair on the wrong side of the rate.
        model["tiers"][0] |= {"rate": 0.0, "rate_low": 1e-18, "rate_high": 0.01}
    for plot, full in zip(write_plots(bare, [], tmp_path), drawn, strict=True):
        assert plot.stat().st_size > 5000
        assert plot.read_bytes() != full.read_bytes()


def _luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    r, g, b = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
    return 0.2126 * r + 0.7152 * g + 0.0722 * b


@pytest.mark.parametrize("tier", ["blue", "green", "yellow", "red", "white", "named by us"])
def test_ink_reads_on_its_tier(tier):
    """Contrast after WCAG 2.2, 1.4.3: at least 4.5."""
    light, dark = sorted((_luminance(tint(tier).fill), _luminance(tint(tier).ink)), reverse=True)
    assert (light + 0.05) / (dark + 0.05) >= 4.5
