import hashlib

import numpy as np
import pytest

from churnlight.errors import DataRefused
from churnlight.learners.dataset import Dataset
from churnlight.learners.folds import Bootstrap, folds, split_stop


def test_an_account_stays_whole_and_the_order_of_rows_does_not_matter() -> None:
    account = np.array([i // 3 for i in range(300)], dtype=object)
    fold = folds(account, 5, seed=1)
    assert all(len(set(fold[account == a])) == 1 for a in set(account))
    shuffled = np.random.default_rng(0).permutation(300)
    np.testing.assert_array_equal(folds(account[shuffled], 5, seed=1), fold[shuffled])
    assert np.bincount(fold[::3]).tolist() == [20] * 5


def test_the_deal_is_fixed_across_machines() -> None:
    by_hash = sorted(range(6), key=lambda a: hashlib.sha256(f"7|{a}".encode()).digest())
    expected = [by_hash.index(a) % 3 for a in range(6)]
    assert folds(np.arange(6), 3, seed=7).tolist() == expected
    assert expected == [2, 1, 2, 0, 1, 0]
    assert folds(np.arange(6), 3, seed=8).tolist() != expected


def test_few_churners_are_dealt_evenly() -> None:
    churned = np.zeros(500, dtype=bool)
    churned[::50] = True
    fold = folds(np.arange(500), 5, seed=3, churned=churned)
    assert np.bincount(fold, weights=churned).tolist() == [2] * 5
    assert np.bincount(fold).tolist() == [100] * 5


def test_the_latest_as_of_stops(data: Dataset) -> None:
    fit, stop = split_stop(data, seed=1)
    assert set(fit.as_of) == {"2025-04-01"}
    assert set(stop.as_of) == {"2025-05-01"}
    assert len(fit) + len(stop) == len(data)


def test_one_as_of_alone_is_parted_by_account(data: Dataset) -> None:
    fit, stop = split_stop(data.take(data.as_of == "2025-04-01"), seed=1)
    assert not set(fit.account) & set(stop.account)
    assert len(stop) == pytest.approx(120, abs=15)
    with pytest.raises(DataRefused, match="no rows"):
        split_stop(data.take(np.zeros(len(data), dtype=bool)), seed=1)


def test_bootstrap_draws_accounts_whole_and_as_many_as_there_are() -> None:
    account = np.array([i // 2 for i in range(40)], dtype=object)
    weights = np.concatenate(list(Bootstrap.by(account, 5).weights(200)))
    assert weights.shape == (200, 40)
    np.testing.assert_array_equal(weights[:, ::2], weights[:, 1::2])
    np.testing.assert_array_equal(weights[:, ::2].sum(axis=1), 20)
    # Each account is drawn once on average: 4000 draws, standard error 1/sqrt(200).
    assert np.abs(weights.mean(axis=0) - 1).max() < 5 / np.sqrt(200)


def test_bootstrap_does_not_depend_on_the_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    bootstrap = Bootstrap.by(np.arange(30), 5)
    whole = np.concatenate(list(bootstrap.weights(50)))
    monkeypatch.setattr("churnlight.learners.folds._CELLS", 100)
    chunks = list(bootstrap.weights(50))
    assert len(chunks) == 17
    np.testing.assert_array_equal(np.concatenate(chunks), whole)


def test_an_as_of_whose_label_was_not_complete_chooses_nothing(data: Dataset) -> None:
    later = data.as_of == "2025-05-01"
    first = np.cumsum(~later) <= (~later).sum() // 2
    dates = np.where(later, "2025-07-01", np.where(first, "2025-04-01", "2025-06-01"))
    between = Dataset.of(data.frame, data.churned, data.subscriber, data.account, dates)
    fit, stop, rest = split_stop(between, 1, search=["2025-04-01"])
    assert set(fit.as_of) == {"2025-04-01"}
    assert set(stop.as_of) == {"2025-07-01"}
    assert set(rest.as_of) == {"2025-06-01"}
    assert len(fit) + len(stop) + len(rest) == len(between)


def test_without_a_complete_label_accounts_are_kept_apart(data: Dataset) -> None:
    parts = split_stop(data, 1, search=[])
    assert len(parts) == 2
    assert not set(parts[0].account) & set(parts[1].account)
    assert len(parts[0]) + len(parts[1]) == len(data)
