"""What a run says of its own learning, so that a gate can tell whether a test is new to it."""

from __future__ import annotations

from pathlib import Path

import pytest

from churnlight import files
from churnlight.paths import Project
from churnlight.registry import LABELS_KNOWN_AT, TEST_AS_OF
from churnlight.stages.track import learned_until


def project(root: Path, params: str, fit: list[str], calibrate: list[str], test: str) -> Project:
    (root / "params.yaml").write_text(params)
    made = Project(root)
    for role, as_ofs in (("fit", fit), ("calibrate", calibrate), ("test", [test])):
        files.write_json(made.roles / f"{role}.json", {"as_ofs": {a: {} for a in as_ofs}})
    return made


@pytest.mark.parametrize(
    ("params", "calibrate", "known"),
    [
        # September and October, and five days to close.
        ("time: {}\n", ["2025-09-01"], "2025-11-06T00:00:00"),
        ("time: {}\n", [], "2025-09-06T00:00:00"),
        ("time: {gap_months: 1, close_days: 3}\n", ["2025-08-01"], "2025-11-04T00:00:00"),
        # The longest kind counts: three months of bills.
        ("label: {kinds: [off_net, spend_churn]}\n", ["2025-08-01"], "2025-11-06T00:00:00"),
    ],
)
def test_when_the_last_label_was_complete(
    tmp_path: Path, params: str, calibrate: list[str], known: str
) -> None:
    made = project(tmp_path, params, ["2025-06-01", "2025-07-01"], calibrate, "2025-11-01")
    found = learned_until(made)
    assert found[LABELS_KNOWN_AT] == known
    assert found[TEST_AS_OF] == "2025-11-01"
    assert found["churnlight.as_ofs.fit"] == "2025-06-01,2025-07-01"
    assert found["churnlight.as_ofs.calibrate"] == ",".join(calibrate)
