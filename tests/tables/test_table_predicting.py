import json
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from tables_made import make_table

from churnlight.errors import ChurnlightError, DataRefused, UsageError
from churnlight.learners.champion import Bundle
from churnlight.learners.stored import seal_again
from churnlight.tables.predicting import Request, TableModel, predict_table, shifted
from churnlight.tables.reading import read_table


def predict(folder: Path, model: Path, frame: pd.DataFrame, **kind: object) -> pd.DataFrame:
    frame.to_csv(folder / "new.csv", index=False)
    predict_table(model, Request(folder / "new.csv", folder / "p.csv", **kind))
    return pd.read_csv(folder / "p.csv", dtype={"customer": str})


@pytest.fixture(scope="module")
def new() -> pd.DataFrame:
    """Later rows, without label, group and dropped columns, some values never seen."""
    frame = make_table(400, seed=5)
    frame.loc[3, "brand"] = "brand new"
    return frame


def test_it_gives_id_probability_and_tier_in_the_order_of_the_rows(
    tmp_path: Path, model: Path, new: pd.DataFrame
) -> None:
    blind = new.drop(columns=["churn", "household", "leaks"])
    found = predict(tmp_path, model, blind)
    assert list(found) == ["customer", "probability", "tier"]
    assert found["customer"].tolist() == new["customer"].tolist()
    churned = (new["churn"] == "yes").to_numpy()
    assert found["probability"].mean() == pytest.approx(churned.mean(), abs=0.06)
    assert found["probability"].between(1e-4, 1 - 1e-4).all()
    rate = churned[found["tier"] == "blue"].mean(), churned[found["tier"] != "blue"].mean()
    assert rate[0] < rate[1]
    # By the bundle, without the room of ready tables.
    bundle = Bundle.load(model)
    features = new[bundle.gbm.encoder.names]
    np.testing.assert_allclose(found["probability"], bundle.predict(features)["probability"])


def test_order_and_further_columns_do_not_matter(
    tmp_path: Path, model: Path, new: pd.DataFrame, caplog: pytest.LogCaptureFixture
) -> None:
    plain = predict(tmp_path, model, new)
    mixed = new[sorted(new.columns, reverse=True)].assign(unheard_of=1)
    with caplog.at_level("WARNING", "churnlight"):
        pd.testing.assert_frame_equal(predict(tmp_path, model, mixed), plain)
    assert "'unheard_of'" in caplog.text


def test_a_row_is_scored_the_same_alone(tmp_path: Path, model: Path, new: pd.DataFrame) -> None:
    # One row of integers and empty fields has other types than the whole.
    alone = predict(tmp_path, model, new.iloc[[8]])
    whole = predict(tmp_path, model, new)
    pd.testing.assert_frame_equal(alone, whole.iloc[[8]].reset_index(drop=True))


def test_csv_and_parquet_agree(tmp_path: Path, model: Path, new: pd.DataFrame) -> None:
    plain = predict(tmp_path, model, new)
    new.to_parquet(tmp_path / "new.parquet")
    predict_table(model, Request(tmp_path / "new.parquet", tmp_path / "p.parquet"))
    pd.testing.assert_frame_equal(
        pd.read_parquet(tmp_path / "p.parquet"), plain, check_dtype=False, rtol=0, atol=0
    )


@pytest.mark.parametrize("name", ["p.csv.gz", "p.parquet"])
def test_every_output_format_holds_the_same(
    tmp_path: Path, model: Path, new: pd.DataFrame, name: str
) -> None:
    plain = predict(tmp_path, model, new)
    predict_table(model, Request(tmp_path / "new.csv", tmp_path / name, tmp_path / "r.csv.gz"))
    found = read_table(tmp_path / name, ["customer"])
    pd.testing.assert_frame_equal(found, plain, check_dtype=False, rtol=0, atol=0)
    assert "Silent Days" in set(read_table(tmp_path / "r.csv.gz")["feature"])
    assert not [p.name for p in tmp_path.iterdir() if "part" in p.name]


def test_no_rows_give_no_rows(tmp_path: Path, model: Path, new: pd.DataFrame) -> None:
    assert len(predict(tmp_path, model, new.head(0))) == 0


def test_prior_multiplies_the_odds(tmp_path: Path, model: Path, new: pd.DataFrame) -> None:
    share = json.loads((model / "table.json").read_text())["share"]
    before = predict(tmp_path, model, new)
    after = predict(tmp_path, model, new, prior=0.02)
    for p, q in zip(before["probability"][:50], after["probability"][:50], strict=True):
        assert q / (1 - q) == pytest.approx(p / (1 - p) * (0.02 / 0.98) / (share / (1 - share)))
    # By share, a prior changes no order and so no tier.
    assert after["tier"].tolist() == before["tier"].tolist()


def test_prior_by_hand() -> None:
    # Balanced training, odds 3: with 2 % leaving 3 * (0.02 / 0.98) = 3 / 49; p = 3 / 52.
    assert shifted(np.array([0.75]), 0.5, 0.02)[0] == pytest.approx(3 / 52)
    for wrong in (0.0, 1.0, 2.0, float("nan")):
        with pytest.raises(UsageError, match="--prior"):
            shifted(np.array([0.5]), 0.5, wrong)


def test_tiers_by_probability_follow_the_prior(model: Path, new: pd.DataFrame) -> None:
    import dataclasses

    loaded = TableModel.load(model)
    scale = loaded.bundle.scales["gbm"]
    cut = dataclasses.replace(scale.tiers, cuts=(0.1, 0.2, 0.3, 0.4), by="probability")
    bundle = dataclasses.replace(
        loaded.bundle, scales={"gbm": dataclasses.replace(scale, tiers=cut)}
    )
    other = dataclasses.replace(loaded, bundle=bundle)
    found = other.predict(other.features(new), prior=0.001)
    assert (found["probability"] < 0.1).all()
    assert set(found["tier"]) == {"blue"}


def test_reasons_name_features_with_their_values(
    tmp_path: Path, model: Path, new: pd.DataFrame
) -> None:
    predict(tmp_path, model, new, reasons=tmp_path / "r.csv")
    reasons = pd.read_csv(tmp_path / "r.csv", dtype={"customer": str, "value": str})
    assert list(reasons) == ["customer", "rank", "direction", "share", "feature", "value"]
    up = reasons[reasons["direction"] == "up"]
    assert up.groupby("customer").size().max() <= 3
    longest = new["Silent Days"].idxmax()
    first = up[(up["customer"] == new["customer"][longest]) & (up["rank"] == 1)].iloc[0]
    assert first["feature"] == "Silent Days"
    assert float(first["value"]) == pytest.approx(new["Silent Days"][longest])


def test_the_tree_can_be_asked(tmp_path: Path, model: Path, new: pd.DataFrame) -> None:
    found = predict(tmp_path, model, new, learner="tree")
    expected = Bundle.load(model).predict_both(new[Bundle.load(model).gbm.encoder.names])
    np.testing.assert_allclose(found["probability"], expected["probability_tree"])
    assert found["probability"].nunique() <= 24


def test_a_missing_or_renamed_column_is_named(
    tmp_path: Path, model: Path, new: pd.DataFrame
) -> None:
    with pytest.raises(DataRefused, match=r"lacks columns of the model: 'bill'; .*: none"):
        predict(tmp_path, model, new.drop(columns="bill"))
    with pytest.raises(DataRefused, match=r"'Silent Days' \('silent_days' is there: renamed\?\)"):
        predict(tmp_path, model, new.rename(columns={"Silent Days": "silent_days"}))
    with pytest.raises(UsageError, match="the model's id 'customer'"):
        predict(tmp_path, model, new.drop(columns="customer"))


def test_text_among_numbers_is_named_by_row(tmp_path: Path, model: Path, new: pd.DataFrame) -> None:
    spoilt = new.astype({"bill": object})
    spoilt.loc[[2, 9], "bill"] = ["n.a.x", "12,5"]
    # A CSV column with any text is read as text throughout; only what is no number is named.
    with pytest.raises(DataRefused, match=r"column 'bill' holds text in 2 rows \(3, 10\)"):
        predict(tmp_path, model, spoilt)


def test_a_number_where_text_is_expected_is_named(
    tmp_path: Path, model: Path, new: pd.DataFrame
) -> None:
    new.assign(brand=1.5).to_parquet(tmp_path / "n.parquet")
    with pytest.raises(DataRefused, match="'brand' is float64: the model expects text"):
        predict_table(model, Request(tmp_path / "n.parquet", tmp_path / "p.csv"))


def test_infinite_values_are_named(tmp_path: Path, model: Path, new: pd.DataFrame) -> None:
    spoilt = new.copy()
    spoilt.loc[6, "Silent Days"] = np.inf
    with pytest.raises(DataRefused, match=r"'Silent Days' is infinite .* row 7"):
        predict(tmp_path, model, spoilt)
    assert not (tmp_path / "p.csv").exists()


def test_ids_must_be_unique(tmp_path: Path, model: Path, new: pd.DataFrame) -> None:
    with pytest.raises(DataRefused, match="'customer' is not unique"):
        predict(tmp_path, model, pd.concat([new, new.head(1)]))


def test_a_damaged_model_does_not_load(tmp_path: Path, model: Path) -> None:
    with pytest.raises(UsageError, match="is no model"):
        TableModel.load(tmp_path)
    shutil.copytree(model, tmp_path / "m")
    text = tmp_path / "m" / "gbm" / "model.txt"
    text.write_text(text.read_text()[:-200])
    with pytest.raises(ChurnlightError, match="not as it was written"):
        TableModel.load(tmp_path / "m")


def test_a_model_of_another_version_does_not_load(tmp_path: Path, model: Path) -> None:
    shutil.copytree(model, tmp_path / "m")
    content = json.loads((tmp_path / "m" / "table.json").read_text())
    (tmp_path / "m" / "table.json").write_text(json.dumps({**content, "schema_version": 0}))
    seal_again(tmp_path / "m")
    with pytest.raises(ChurnlightError, match="schema_version is 0, this churnlight reads 1"):
        TableModel.load(tmp_path / "m")
