"""From a score back to its rows, on a project whose every row is known by hand."""

from __future__ import annotations

import json
import logging
import shutil
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest
from trace_world import AS_OF, MONTHS, PARAMS, WHO, leading_to, make_batch, make_scored, manifest_of

from churnlight.cli import main
from churnlight.errors import ChurnlightError, UsageError
from churnlight.features.catalogue import CATALOGUE
from churnlight.files import sha256_of
from churnlight.learners.stored import seal_again
from churnlight.paths import Project
from churnlight.trace import walk
from churnlight.trace.reasons import code_of
from churnlight.trace.rows import runs

SRC = Path(__file__).resolve().parents[2] / "src"


@pytest.fixture(scope="module")
def scored(tmp_path_factory) -> Project:
    return make_scored(tmp_path_factory.mktemp("trace") / "operator")


@pytest.fixture(scope="module")
def batched(scored: Project, tmp_path_factory) -> Project:
    folder = tmp_path_factory.mktemp("trace") / "batched"
    shutil.copytree(scored.root, folder)
    return make_batch(folder)


@pytest.fixture
def spoilt(scored: Project, tmp_path: Path) -> Project:
    """A copy, to spoil."""
    shutil.copytree(scored.root, tmp_path / "copy")
    return Project(tmp_path / "copy")


def command(project: Project, *options: str) -> int:
    with leading_to(project.root), pytest.raises(SystemExit) as left:
        main(["trace", *options])
    return int(left.value.code or 0)


def parts(content: dict, extract: str) -> dict:
    return {p["month"]: p for p in content["extracts"] if p["extract"] == extract}


def hold_rows_by_hand(content: dict, root: Path) -> None:
    """What stands in the extracts as `trace_world` writes them."""
    calls, bills = parts(content, "cdr"), parts(content, "billing")
    for month in MONTHS:
        assert calls[month]["rows"] == {f"cdr/month={month}/part.csv": [[21, 23]]}
        hashed = sha256_of(root / "extracts" / "cdr" / f"month={month}" / "part.csv")
        [file] = calls[month]["files"]
        assert (file["sha256"], file["same"]) == (hashed, True)
    february = "cdr/month=2025-02/part.csv"
    assert calls["2025-02"]["left_out"] == [
        {"reason": "duplicate", "file": february, "row": 90},
        {"reason": "duration_s_below_minimum", "file": february, "row": 91},
        {"reason": "late", "file": february, "row": 92},
    ]
    assert [calls[m]["count"] for m in MONTHS] == [3, 3, 3]
    march = "billing/month=2025-03/part.csv"
    assert bills["2025-02"]["rows"] == {"billing/month=2025-02/part.csv": [[7, 7]]}
    assert bills["2025-03"]["rows"] == {}
    assert bills["2025-03"]["left_out"] == [
        {"reason": "not_known_before_cutoff", "file": march, "row": 7}
    ]
    assert [p["count"] for p in parts(content, "subscribers").values()] == [1, 1, 1]
    assert parts(content, "holidays")[None]["count"] == 0


def test_a_score_of_the_pipeline_leads_to_its_rows(scored: Project) -> None:
    walked = walk(scored, AS_OF, WHO)
    walked.hold()
    content = walked.content
    hold_rows_by_hand(content, scored.root)
    table = pd.read_parquet(scored.scores(AS_OF) / "scores.parquet")
    score = content["score"]
    row = table.iloc[score["row"]]
    assert (row["subscriber_id"], row["tier"]) == (WHO, score["tier"])
    assert score["probability"] == row["probability"]
    assert score["by"] == "stage score"
    assert score["commit"]
    manifest = manifest_of(scored)
    assert content["model"]["sha256"] == manifest["model"]["sha256"]
    assert content["model"]["folder"] == "models"
    assert content["model"]["learned_from"] == [AS_OF]
    assert content["files"] == {"held": content["files"]["held"], "changed": []}
    # Of each month 3 marts, 3 files, and the inventories of 8 extracts (features read CDRs through
    # the marts alone); features and labels; the holidays and the reference tables' inventory.
    assert content["files"]["held"] == 3 * (3 + 3 + 8) + 2 + 2


def test_reasons_have_the_value_and_the_code_that_made_it(scored: Project) -> None:
    content = walk(scored, AS_OF, WHO).content
    table = pd.read_parquet(scored.features(AS_OF) / "features.parquet").set_index("subscriber_id")
    assert content["reasons"]
    for reason in content["reasons"]:
        assert reason["value"] == table.loc[WHO, reason["feature"]]
        file, line = reason["code"].split(":")
        assert (SRC / file).is_file()
        assert int(line) > 1
    bill = next(r for r in content["reasons"] if r["feature"] == "bill_money")
    # January's and February's bill; March's was known too late.
    assert bill["value"] == 97.5
    assert bill["reads"] == ["billing"]


def test_the_code_of_each_feature_is_found() -> None:
    for feature in CATALOGUE:
        file, line = code_of(feature).split(":")
        assert file.startswith("churnlight/features/")
        assert int(line) <= len((SRC / file).read_text().splitlines())


def test_marts_have_the_rows_of_the_subscriber(scored: Project) -> None:
    content = walk(scored, AS_OF, WHO).content
    assert [(m["month"], m["mart"]) for m in content["marts"]] == [
        (month, mart) for month in MONTHS for mart in ("edges", "circle", "usage")
    ]
    for mart in content["marts"]:
        table = pd.read_parquet(scored.root / mart["file"], columns=["subscriber_id"])
        expected = [i for i, who in enumerate(table["subscriber_id"]) if who == WHO]
        [found] = mart["rows"].values()
        assert [n for first, last in found for n in range(first, last + 1)] == expected
        assert mart["sha256"] == sha256_of(scored.root / mart["file"])


@pytest.mark.slow
def test_a_month_of_the_batch_leads_to_the_same_rows(batched: Project) -> None:
    walked = walk(batched, AS_OF, WHO)
    walked.hold()
    hold_rows_by_hand(walked.content, batched.root)
    score = walked.content["score"]
    ran = json.loads((batched.scores(AS_OF) / "run.json").read_text())
    assert (score["by"], score["commit"]) == ("churnlight score", ran["commit"])
    assert len(ran["source_sha256"]) == 64
    assert score["accepted"] == "calls on three days a month"
    assert walked.content["marts"][0]["file"].startswith("data/batch/")


def edit(path: Path) -> None:
    """Change the last byte, in place of a linked file too."""
    whole = path.read_bytes()
    path.unlink()
    path.write_bytes(whole[:-1] + bytes([whole[-1] ^ 1]))


def add_line(path: Path) -> None:
    path.write_text(path.read_text() + "s07,c1,voice,out,2025-02-01 10:00:00,60,,new\n")


def edit_column(path: Path, column: str) -> None:
    table = pd.read_parquet(path)
    table[column] = table[column] + 0.001
    table.to_parquet(path)


def retrain(project: Project) -> None:
    path = project.tiers / "tiers.json"
    path.write_text(path.read_text().replace('"champion": "gbm"', '"champion": "tree"'))
    seal_again(project.tiers)


CHANGES: dict[str, tuple[Callable[[Project], object], str]] = {
    "extract": (
        lambda p: add_line(p.root / "extracts/cdr/month=2025-02/part.csv"),
        "cdr/month=2025-02/part.csv was ",
    ),
    "extract gone": (
        lambda p: (p.root / "extracts/holidays/part.csv").unlink(),
        "holidays/part.csv is gone",
    ),
    "inventory": (
        lambda p: (p.inventory / "billing/month=2025-01.json").write_text('{"files": []}'),
        "data/inventory/billing/month=2025-01.json was ",
    ),
    "features": (
        lambda p: edit_column(p.features(AS_OF) / "features.parquet", "bill_money"),
        f"data/features/as_of={AS_OF}/features.parquet was ",
    ),
    "scores": (
        lambda p: edit_column(p.scores(AS_OF) / "scores.parquet", "probability"),
        f"data/scores/as_of={AS_OF}/scores.parquet was ",
    ),
    "model": (
        lambda p: edit(p.model("gbm") / "model.txt"),
        "models/gbm/model.txt is not as it was written",
    ),
    "another model": (
        retrain,
        "models/ holds another model than the one that scored",
    ),
    "parameters": (
        lambda p: p.params_file.write_text(json.dumps(PARAMS | {"cohort": {}})),
        "parameters (time, cohort, label, features)",
    ),
    "verdict": (
        lambda p: (p.check / "activity" / "month=2025-03.json").unlink(),
        "data/marts/month=2025-03 does not follow from the check's verdict",
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("what", CHANGES)
def test_what_has_changed_since_is_named(spoilt: Project, what: str) -> None:
    change, said = CHANGES[what]
    change(spoilt)
    walked = walk(spoilt, AS_OF, WHO)
    with pytest.raises(ChurnlightError) as error:
        walked.hold()
    assert said in str(error.value)
    assert WHO not in str(error.value)


def test_only_the_changed_file_is_named(spoilt: Project, capsys) -> None:
    path = spoilt.root / "extracts/cdr/month=2025-02/part.csv"
    before = sha256_of(path)
    add_line(path)
    [changed] = walk(spoilt, AS_OF, WHO).content["files"]["changed"]
    name = "cdr/month=2025-02/part.csv"
    assert changed == {"file": name, "written": before, "now": sha256_of(path)}
    assert command(spoilt, "--as-of", AS_OF, WHO) == 1
    said = capsys.readouterr()
    assert [line for line in said.out.splitlines() if "CHANGED SINCE" in line] == [
        f"    4 rows (21-23, 93) of {name}, sha256 {sha256_of(path)[:12]}  CHANGED SINCE"
    ]
    assert f"{name} was {before[:12]}" in said.err


def test_the_command_prints_to_the_caller_and_logs_nothing(scored: Project, capsys, caplog) -> None:
    with caplog.at_level(logging.DEBUG):
        assert command(scored, "--as-of", AS_OF, WHO) == 0
    said = capsys.readouterr()
    assert said.err == ""
    assert WHO not in caplog.text
    assert f"Score of {AS_OF}" in said.out
    assert "3 rows (21-23) of cdr/month=2025-01/part.csv" in said.out
    with leading_to(scored.root), pytest.raises(SystemExit):
        main(["--json", "trace", "--as-of", AS_OF, WHO])
    assert json.loads(capsys.readouterr().out)["as_of"] == AS_OF
    assert not (scored.scratch / "errors").exists()


def test_who_and_what_was_not_scored_is_told(scored: Project, capsys) -> None:
    with pytest.raises(UsageError, match="as_of 2025-03-01 is not scored; scored are: 2025-04-01"):
        walk(scored, "2025-03-01", WHO)
    assert command(scored, "--as-of", AS_OF, "nobody") == 2
    said = capsys.readouterr()
    assert "no score of 2025-04-01: `churnlight explain" in said.err
    assert "nobody" not in said.err


def test_a_month_without_a_manifest_is_told(spoilt: Project) -> None:
    (spoilt.scores(AS_OF) / "manifest.json").unlink()
    with pytest.raises(ChurnlightError, match="an older churnlight scored it"):
        walk(spoilt, AS_OF, WHO)


def test_rows_are_told_in_runs() -> None:
    assert runs([]) == []
    assert runs([4]) == [[4, 4]]
    assert runs([0, 1, 2, 7, 9, 10]) == [[0, 2], [7, 7], [9, 10]]
