"""The simulator held to its targets over several seeds: rates, graph, and the published city."""

import numpy as np
import pandas as pd
import pytest

from churnlight.demo import figures, generate
from churnlight.demo.lives import KIND_DEBT, start_lives
from churnlight.demo.months import advance
from churnlight.demo.people import GROUP_CLASSES, make_people
from churnlight.demo.ties import make_ties
from churnlight.params.output import DemoParams
from churnlight.timeline import Month

START = Month(2025, 1)


@pytest.fixture(scope="module")
def cities():
    """People, ties and months of changes of three cities, without their calls."""
    found = []
    for seed in (1, 2, 3):
        people = make_people(seed, 4_000, 8)
        ties = make_ties(seed, people)
        lives = start_lives(seed, people, START)
        months = []
        for index in range(8):
            here = lives.on_the_books
            months.append((here, advance(seed, people, lives, ties, index, START + index)))
        found.append((people, ties, months))
    return found


def test_four_to_five_percent_of_high_lines_leave_in_two_months(cities):
    rates = []
    for people, _, months in cities:
        for here, changes in months[3:]:
            high = here & people.high
            rates.append((changes.left & high & (changes.kind != KIND_DEBT)).sum() / high.sum())
    # Some 1,200 departures: the chance of the draw is 3 % of the rate.
    assert 0.020 < np.mean(rates) < 0.0265


def test_no_cause_makes_up_everything_and_some_of_it_nobody_can_explain(cities):
    causes = np.concatenate([c.cause[c.left] for _, _, months in cities for _, c in months])
    shares = np.bincount(causes, minlength=11) / len(causes)
    assert (shares > 0.002).all()
    assert shares.max() < 0.35
    assert 0.05 < shares[-1] < 0.25


def test_friends_of_friends_know_each_other(cities):
    """The share of closed triangles is far above that of a random graph of the same degrees."""
    for people, ties, _ in cities:
        own = ties[0]
        pairs = set(zip(own.a.tolist(), own.b.tolist(), strict=True))
        neighbours = pd.Series(np.r_[own.b, own.a]).groupby(np.r_[own.a, own.b]).agg(list)
        rng = np.random.default_rng(0)
        closed = tried = 0
        for friends in neighbours[neighbours.map(len) > 1]:
            one, two = sorted(rng.choice(friends, 2, replace=False).tolist())
            closed += (one, two) in pairs
            tried += 1
        # By chance: mean degree over the number of lines, some 0.4 %.
        by_chance = 2 * len(own.a) / people.count**2
        assert closed / tried > 0.08 > 8 * by_chance


def test_degrees_have_a_tail_and_groups_all_classes(cities):
    for people, ties, _ in cities:
        degree = np.bincount(np.r_[ties[0].a, ties[0].b])
        assert np.quantile(degree, 0.999) > 3 * np.median(degree)
        classes = {GROUP_CLASSES[i] for i in np.unique(people.workplace_class)}
        assert classes == set(GROUP_CLASSES)


# Figure aimed at, and by how much some 1,100 VIPs may miss it: about three standard errors.
CITY = {
    "vip_share": (0.0725, 0.008), "vip_revenue_share": (0.31, 0.04),
    "mean_bill_money": (32.5, 2.0), "vip_mean_bill_money": (140.0, 9.0),
    "vip_city_share": (0.595, 0.06), "vip_east_share": (0.156, 0.05),
    "vip_north_share": (0.152, 0.05), "vip_west_share": (0.0965, 0.04),
    "city_enterprise_share": (0.341, 0.06), "city_urban_share": (0.446, 0.07),
    "city_rural_share": (0.214, 0.06), "vip_contract_share": (0.623, 0.05),
    "vip_retention": (0.75, 0.06), "vip_leaving_monthly": (0.0065, 0.0030),
}  # fmt: skip


@pytest.mark.slow
@pytest.mark.parametrize("seed", [41, 42])
def test_the_city_reaches_its_published_figures(seed, tmp_path):
    params = DemoParams(subscribers=16_000, months=15, start="2024-01", seed=seed, profile="city")
    generate(params, tmp_path)
    reached = figures.city_figures(tmp_path, Month(2024, 1))
    assert reached.keys() == CITY.keys()
    off = {n: (reached[n], aim) for n, (aim, by) in CITY.items() if abs(reached[n] - aim) > by}
    assert not off
