"""What offers do: by traits where asked for, and what the truth foretells of each."""

from __future__ import annotations

import hashlib

import numpy as np
import pandas as pd
import pytest

from churnlight.demo import generate
from churnlight.demo.people import RESPONSES, make_people
from churnlight.demo.responses import OLD_DAYS, respond
from churnlight.params.output import DemoOffersParams, DemoParams

MONTHS = 8


def bytes_of(root):
    return {
        str(path.relative_to(root)): hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(root.rglob("*"))
        if path.is_file()
    }


def read(root):
    return pd.concat(
        [pd.read_parquet(p).assign(part=p.parent.name[-2:]) for p in sorted(root.rglob("*.parq*"))],
        ignore_index=True,
    )


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    root = tmp_path_factory.mktemp("offers")
    offers = DemoOffersParams(share=0.3, response="traits", foretell_months=3)
    generate(DemoParams(subscribers=1_500, months=MONTHS, seed=5, offers=offers), root)
    return root


def test_by_chance_is_as_before():
    people = make_people(3, 2_000, 12)
    assert respond(3, people, "chance") is people


def test_by_traits_old_lines_are_saved_and_new_ones_provoked():
    people = make_people(3, 20_000, 12)
    found = respond(3, people, "traits").response
    old = people.postpaid & ~people.joins & (people.tenure_days >= OLD_DAYS)
    new = ~people.postpaid & (people.joins | (people.tenure_days < OLD_DAYS))
    saved, provoked = RESPONSES.index("saved"), RESPONSES.index("provoked")
    assert np.mean(found[old] == saved) == pytest.approx(0.85, abs=0.02)
    assert np.mean(found[new] == provoked) == pytest.approx(0.70, abs=0.03)
    assert np.mean(found[~old & ~new] == saved) == pytest.approx(0.25, abs=0.02)


def test_foretelling_changes_no_extract(tmp_path):
    params = DemoParams(subscribers=300, months=4, seed=5)
    generate(params, tmp_path / "plain")
    told = params.model_copy(update={"offers": DemoOffersParams(foretell_months=3)})
    generate(told, tmp_path / "told")
    assert bytes_of(tmp_path / "plain" / "extracts") == bytes_of(tmp_path / "told" / "extracts")
    assert not (tmp_path / "plain" / "truth" / "offer_outlook").exists()


def test_what_is_foretold_comes_true(made):
    offers, outlook = read(made / "extracts" / "campaigns"), read(made / "truth" / "offer_outlook")
    rows = offers.merge(outlook, on=["subscriber_id", "offered_at", "part"], validate="one_to_one")
    assert len(rows) == len(offers) == len(outlook)
    rows = rows[rows["part"].astype(int) <= MONTHS - 3]
    gone = pd.read_parquet(made / "truth" / "departures")
    gone = gone[gone["kind"] != "value_loss"].drop_duplicates("subscriber_id", keep="first")
    left = rows.merge(gone[["subscriber_id", "month"]], on="subscriber_id", how="left")
    came = left["month"].astype("string").str[-2:].astype("float") <= left["part"].astype(int) + 3
    treated = (rows["arm"] == "treated").to_numpy()
    told = np.where(treated, rows["p_left_if_treated"], rows["p_left_if_control"])
    error = np.sqrt((told * (1 - told)).sum()) / len(told)
    assert len(told) > 1_500
    assert abs(came.mean() - told.mean()) < 3.5 * error
    # They tell lines apart, and not only in sum.
    assert told[came.to_numpy()].mean() > 2 * told[~came.to_numpy()].mean()


def test_the_effect_has_the_sign_of_the_response(made):
    outlook, offers = read(made / "truth" / "offer_outlook"), read(made / "truth" / "offers")
    rows = outlook.merge(offers, on=["subscriber_id", "offered_at"], validate="one_to_one")
    effect = rows["p_left_if_treated"] - rows["p_left_if_control"]
    mean = effect.groupby(rows["response"]).mean()
    assert mean["saved"] < -0.01
    assert mean["provoked"] > 0.005
    assert abs(mean["indifferent"]) < 0.001
    for name in ("p_left_if_control", "p_left_if_treated"):
        assert outlook[name].between(0, 1).all()
