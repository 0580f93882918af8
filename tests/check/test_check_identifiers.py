from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from churnlight.check.identifiers import looks_like_card, looks_like_phone, refuse_real_numbers
from churnlight.errors import DataRefused
from churnlight.schema import BILLING, NUMBERS
from churnlight.timeline import Month

JANUARY = Month(2025, 1)


@pytest.mark.parametrize(
    "number",
    [
        "13800138000",
        "19912345678",
        "+8613800138000",
        "008613800138000",
        "8613800138000",
        "138 0013 8000",
        "138-0013-8000",
        "+14155550123",
        "0041445551234",
        "010-62345678",
        "02162345678",
        "075512345678",
    ],
)
def test_telephone_numbers(number: str) -> None:
    assert looks_like_phone(number)


@pytest.mark.parametrize(
    "identifier",
    ["10086", "95588", "166713", "12345678901", "20250101001", "9f86d081884c7d65", "s-17", "", "0"],
)
def test_other_ids(identifier: str) -> None:
    assert not looks_like_phone(identifier)
    assert not looks_like_card(identifier)


def test_identity_cards_carry_a_check_digit() -> None:
    # The example of GB 11643-1999; the second was worked out by hand: 189 mod 11 = 2, so X.
    assert looks_like_card("11010519491231002X")
    assert looks_like_card("34052419800101001x")
    assert looks_like_card("110105194912310021") is False
    assert looks_like_card("110105194913310024") is False


def bills(root: Path, ids: pa.Array) -> None:
    folder = root / "billing" / f"month={JANUARY}"
    folder.mkdir(parents=True)
    table = pa.table({"subscriber_id": ids, "total_charge": pa.array([1.0] * len(ids))})
    pq.write_table(table, folder / "a.parquet", row_group_size=100)


def test_integers_are_looked_at_too(tmp_path: Path) -> None:
    bills(tmp_path, pa.array(range(13_800_000_000, 13_800_000_050)))
    with pytest.raises(DataRefused, match=r"50 of 50 ids sampled in column subscriber_id"):
        refuse_real_numbers(tmp_path, BILLING, JANUARY)


def test_a_fifth_is_refused_and_a_tenth_is_not(tmp_path: Path) -> None:
    for share, folder in ((10, tmp_path / "tenth"), (5, tmp_path / "fifth")):
        ids = [str(13_800_000_000 + i) if i % share == 0 else f"p{i}" for i in range(100)]
        bills(folder, pa.array(ids))
    refuse_real_numbers(tmp_path / "tenth", BILLING, JANUARY)
    with pytest.raises(DataRefused, match="20 of 100"):
        refuse_real_numbers(tmp_path / "fifth", BILLING, JANUARY)


def test_the_sample_is_spread_over_the_file(tmp_path: Path) -> None:
    ids = [f"p{i}" for i in range(1000)] + [str(13_800_000_000 + i) for i in range(1000)]
    bills(tmp_path, pa.array(ids))
    with pytest.raises(DataRefused, match="look like telephone"):
        refuse_real_numbers(tmp_path, BILLING, JANUARY)


def test_pseudonyms_and_random_hashes_pass(tmp_path: Path) -> None:
    hashed = [hashlib.sha256(str(i).encode()).hexdigest()[:16] for i in range(500)]
    bills(tmp_path, pa.array(hashed))
    refuse_real_numbers(tmp_path, BILLING, JANUARY)
    # 18 random digits pass too: 1 in 11 check digits, and few of them dates.
    digits = [
        str(int(hashlib.sha256(str(i).encode()).hexdigest(), 16) % 10**18) for i in range(500)
    ]
    bills(tmp_path / "digits", pa.array(digits))
    refuse_real_numbers(tmp_path / "digits", BILLING, JANUARY)


def test_every_id_of_a_person_is_looked_at(tmp_path: Path) -> None:
    folder = tmp_path / "numbers" / f"month={JANUARY}"
    folder.mkdir(parents=True)
    (folder / "a.csv").write_text("subscriber_id,number_id\n1,+8613800138000\n2,13800138001\n")
    with pytest.raises(DataRefused, match="column number_id"):
        refuse_real_numbers(tmp_path, NUMBERS, JANUARY)
