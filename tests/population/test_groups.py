"""Who the members are: from the snapshot and the handsets' table, on both engines' terms."""

from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from churnlight.engine import connect
from churnlight.params.data import EngineParams
from churnlight.population.groups import DIMENSIONS, groups_of

TEXTS = ("region", "age_band", "sex", "brand")


def groups(tmp_path: Path, handset_ids: pa.DataType, handsets: list[dict[str, object]] | None):
    snapshot = [
        {"subscriber_id": 1, "region": "north", "sex": " f ", "handset_id": "1"},
        {"subscriber_id": 2, "region": "", "age_band": "25-34", "handset_id": "2"},
        {"subscriber_id": 9, "region": "not a member"},
    ]
    schema = {"subscriber_id": pa.int64(), "handset_id": pa.string()} | dict.fromkeys(
        TEXTS, pa.string()
    )
    table = pa.table({n: pa.array([r.get(n) for r in snapshot], k) for n, k in schema.items()})
    with connect(EngineParams(threads=1), tmp_path) as engine:
        listed = None
        if handsets is not None:
            ids = pa.array([h["handset_id"] for h in handsets], handset_ids)
            brands = pa.array([h["brand"] for h in handsets], pa.string())
            listed = engine.upload(pa.table({"handset_id": ids, "brand": brands}))
        members = engine.upload(pa.table({"subscriber_id": [1, 2, 3]}))
        found = groups_of(members, engine.upload(table), listed)
        return engine.arrow(found.order_by("subscriber_id")).to_pylist()


@pytest.mark.parametrize("kind", [pa.int64(), pa.string()])
def test_every_member_has_a_row_and_what_is_not_known_is_null(tmp_path: Path, kind) -> None:
    ids = [1, 2] if pa.types.is_integer(kind) else ["1", "2"]
    listed = [{"handset_id": ids[0], "brand": "Dune"}, {"handset_id": ids[1], "brand": None}]
    nothing = dict.fromkeys(DIMENSIONS)
    assert groups(tmp_path, kind, listed) == [
        {"subscriber_id": 1, **nothing, "region": "north", "sex": "f", "handset_brand": "Dune"},
        {"subscriber_id": 2, **nothing, "age_band": "25-34"},
        {"subscriber_id": 3, **nothing},
    ]


def test_without_a_table_of_handsets_no_brand_is_known(tmp_path: Path) -> None:
    rows = groups(tmp_path, pa.string(), None)
    assert [row["handset_brand"] for row in rows] == [None, None, None]
    assert list(rows[0]) == ["subscriber_id", *DIMENSIONS]
