"""`churnlight check` and `churnlight requeue`, as typed."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from cli_calls import Call

CALLS = "subscriber_id,kind,direction,started_at\n"
GOOD = "sub-a,sms,in,2025-01-31\n"


@pytest.fixture
def extracts(tmp_path: Path) -> Path:
    root = tmp_path / "x"
    put(root, "subscribers", "subscriber_id,status,activated_on\nsub-a,active,2020-01-01\n")
    put(root, "cdr", CALLS + GOOD)
    return root


def put(root: Path, extract: str, text: str) -> None:
    folder = root / extract / "month=2025-01"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "part.csv").write_text(text)


def test_check_needs_no_project_and_writes_nothing(call: Call, extracts: Path) -> None:
    said = call("check", extracts)
    assert said.code == 0, said.err
    assert "All 2 rows of 2 extracts and months can be used" in said.out
    assert sorted(p.name for p in extracts.parent.iterdir()) == ["x"]
    assert call("check", extracts, "--strict").code == 0


def test_exit_codes_follow_the_severity(call: Call, extracts: Path) -> None:
    put(extracts, "cdr", CALLS + GOOD * 2)
    assert call("check", extracts).code == 0
    said = call("check", extracts, "--strict")
    assert (said.code, "warnings (--strict)" in said.err) == (3, True)
    put(extracts, "cdr", CALLS + GOOD + "sub-a,fax,in,2025-01-31\n")
    said = call("check", extracts, "--html", "page.html", "--out", "kept", "--json")
    assert said.code == 3
    content = json.loads(said.out)
    assert content["severity"] == "refused"
    assert content["extracts"][0]["examples"] == {
        "kind_unknown": [{"file": "cdr/month=2025-01/part.csv", "row": 1}]
    }
    assert "kind_unknown" in Path("page.html").read_text()
    assert Path("kept/quarantine/cdr/month=2025-01/refused.parquet").is_file()
    assert "sub-a" not in said.out + said.err + Path("page.html").read_text()


def test_a_folder_that_is_none(call: Call, tmp_path: Path, extracts: Path) -> None:
    assert call("check", "nowhere").code == 2
    said = call("check", extracts / "cdr")
    assert (said.code, f"churnlight check {extracts}" in said.err) == (2, True)
    (tmp_path / "empty").mkdir()
    assert call("check", "empty").code == 3
    # Outside a project there is no default.
    assert call("check").code == 2


def test_requeue_from_refusal_to_a_clean_check(call: Call, project: Path, extracts: Path) -> None:
    put(extracts, "cdr", CALLS + GOOD + "sub-a,fax,in,2025-01-30\n")
    params = (project / "params.yaml").read_text()
    params = params.replace("path: data/demo/extracts", f"path: {extracts}")
    (project / "params.yaml").write_text(params)
    assert call("check", extracts, "--out", "data").code == 3
    asked = ("--extract", "cdr", "--month", "2025-01")
    assert call("requeue", "rows.csv", *asked).code == 2
    assert call("requeue", "rows.csv", *asked, "--export").code == 0
    assert call("requeue", "rows.csv", *asked).code == 3
    corrected = Path("rows.csv").read_text().replace("fax", "mms")
    Path("rows.csv").write_text(corrected)
    said = call("requeue", "rows.csv", *asked, "--json")
    assert said.code == 0, said.err
    assert json.loads(said.out)["rows"] == 1
    assert call("requeue", "rows.csv", *asked).code == 2
    said = call("check", extracts, "--json")
    assert said.code == 0, said.err
    calls = json.loads(said.out)["extracts"][0]
    assert (calls["rows"], calls["kept"], calls["refused"]) == (3, 2, {"kind_unknown": 1})
    assert (calls["corrected"], calls["severity"]) == ({"kind_unknown": 1}, "clean")


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--extract", "cdrs", "--month", "2025-01"), "there are cdr, billing"),
        (("--extract", "cdr"), "--month is missing"),
        (("--extract", "plans", "--month", "2025-01"), "leave --month out"),
    ],
)
def test_requeue_says_what_is_wrong(
    call: Call, project: Path, options: tuple[str, ...], said: str
) -> None:
    (project / "rows.csv").write_text("a\n")
    told = call("requeue", "rows.csv", *options)
    assert (told.code, said in told.err) == (2, True), told.err
