from __future__ import annotations

import csv
import gzip
import json
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from publish_world import (
    AS_OF,
    PEOPLE,
    PLACES,
    Model,
    reasons,
    scores,
    send,
    write,
)

from churnlight import files
from churnlight.errors import ChurnlightError, UsageError
from churnlight.learners.champion import FILE
from churnlight.learners.stored import seal
from churnlight.paths import Project
from churnlight.publish import parse_target
from churnlight.publish.layout import REASONS_TABLE, SCORES, TABLES, VIEWS
from churnlight.publish.partition import opened


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as stream:
        return list(csv.DictReader(stream))


def test_csv_holds_each_subscriber_with_reasons_beside(project: Project, tmp_path: Path) -> None:
    write(project)
    done = send(project, parse_target(str(tmp_path / "out" / "x.csv")))
    rows = rows_of(tmp_path / "out" / "x.csv")
    assert done.done == "new"
    assert (done.scores_count, done.reasons_count, done.call_list_count) == (5, 15, 3)
    assert [int(r["subscriber_id"]) for r in rows] == [p[0] for p in PEOPLE]
    assert {int(r["subscriber_id"]): int(r["call_place"] or 0) or None for r in rows} == PLACES
    first = rows[0]
    assert first["as_of"] == AS_OF
    assert first["model_version"] == Model().key == "v3.abababababab"
    assert (first["tier"], float(first["probability"])) == ("white", 0.9)
    assert (first["reason_1"], first["reason_2"]) == ("bill_falling", "falling_silent")
    assert first["reason_stays_1"] == "contract_ending"
    assert "9 days" in first["text_en_2"]
    assert "连续9天" in first["text_zh_2"]
    # Sentences from yellow up; titles for all.
    assert rows[4]["tier"] == "blue"
    assert rows[4]["text_en_1"] == rows[4]["text_zh_1"] == ""
    assert rows[4]["title_zh_1"] == first["title_zh_1"] != ""
    assert rows[2]["monthly_bill_money"] == ""
    assert rows[3]["left_before_cutoff"] == "true"


def test_csv_opens_in_excel_and_the_gzipped_one_in_programs(
    project: Project, tmp_path: Path
) -> None:
    write(project)
    plain, zipped = tmp_path / "x.csv", tmp_path / "x.csv.gz"
    send(project, parse_target(str(plain)))
    send(project, parse_target(str(zipped)))
    raw = plain.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert gzip.decompress(zipped.read_bytes()) == raw[3:]
    before = zipped.read_bytes()
    assert send(project, parse_target(str(zipped))).done == "unchanged"
    assert zipped.read_bytes() == before


def test_formulas_are_quoted_and_numbers_are_not(project: Project, tmp_path: Path) -> None:
    people = tuple(
        (i, *p[1:]) for i, p in zip(["=1+2", "@x", "-3", "+4", "＝5"], PEOPLE, strict=True)
    )
    frame = scores(people)
    said = reasons(list(frame["subscriber_id"]))
    # A category's value is whatever the operator's extract says.
    said.loc[[0, 4], "feature"] = "brand_category"
    said.loc[0, "value"] = '=HYPERLINK("http://x")'
    said.loc[1, "value"] = "-0.25"
    said.loc[3, "value"] = "-1e-05"
    said.loc[4, "value"] = "-1+cmd|' /C calc'!A0"
    write(project, frame, said=said)
    send(project, parse_target(str(tmp_path / "x.csv")))
    rows = rows_of(tmp_path / "x.csv")
    assert [r["subscriber_id"] for r in rows] == ["'=1+2", "'@x", "-3", "+4", "'＝5"]
    assert rows[0]["value_1"].startswith("'=HYPER")
    assert (rows[0]["value_2"], rows[1]["value_1"]) == ("-0.25", "-1e-05")
    assert rows[1]["value_2"].startswith("'-1+cmd")


def test_csv_takes_reasons_across_batches(
    project: Project, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    people = tuple((i, *PEOPLE[i % 5][1:]) for i in range(23))
    frame = scores(people)
    said = reasons([i for i in range(23) if i not in {6, 7, 22}])  # some have none
    said["share"] = said["subscriber_id"] / 100 + said["rank"] / 10_000
    write(project, frame, said=said)
    monkeypatch.setattr("churnlight.publish.stored.ROWS", 5)
    send(project, parse_target(str(tmp_path / "x.csv")))
    rows = rows_of(tmp_path / "x.csv")
    assert len(rows) == 23
    for i, row in enumerate(rows):
        expected = "" if i in {6, 7, 22} else i / 100 + 2 / 10_000
        assert (float(row["share_2"]) if row["share_2"] else "") == expected


def test_a_stored_call_list_decides_its_order(project: Project, tmp_path: Path) -> None:
    """Who rose two tiers stands on top; the batch knows, publish does not work it out again."""
    listed = pd.DataFrame({"subscriber_id": [103, 102], "rose_from": ["blue", None]})
    write(project, listed=listed)
    done = send(project, parse_target(str(tmp_path / "x.csv")))
    rows = rows_of(tmp_path / "x.csv")
    assert done.call_list_count == 2
    assert [row["call_place"] for row in rows] == ["", "2", "1", "", ""]
    assert [row["rose_from"] for row in rows] == ["", "", "blue", "", ""]
    for wrong in ([101, 999], [101, 104], [101, 101]):  # unknown, has left, twice
        write(project, listed=pd.DataFrame({"subscriber_id": wrong}))
        with pytest.raises(ChurnlightError, match="names somebody"):
            send(project, parse_target(str(tmp_path / "x.csv")))


def test_parts_are_read_in_their_order(project: Project, tmp_path: Path) -> None:
    """As Spark writes them; a part that is gone or too many is missed."""
    write(project)
    whole = tmp_path / "whole.csv"
    send(project, parse_target(str(whole)))
    folder = write(project, parts=2)
    assert len(list((folder / "scores.parquet").iterdir())) == 2
    send(project, parse_target(str(tmp_path / "parts.csv")))
    assert (tmp_path / "parts.csv").read_bytes() == whole.read_bytes()
    (folder / "reasons.parquet" / "part-00001.parquet").unlink()
    with pytest.raises(ChurnlightError, match=r"reasons\.parquet/part-00001\.parquet not as"):
        send(project, parse_target(str(whole)))


def test_what_is_no_parquet_is_refused(project: Project, tmp_path: Path) -> None:
    (write(project) / "reasons.parquet").write_bytes(b"PAR1 and no more")
    with pytest.raises(ChurnlightError, match="is not Parquet, or damaged"):
        send(project, parse_target(str(tmp_path / "x.csv")))


def test_reasons_of_nobody_are_refused(project: Project, tmp_path: Path) -> None:
    write(project, said=reasons([101, 102, 999, 103, 104, 105]))
    with pytest.raises(ChurnlightError, match="not in the order") as refused:
        send(project, parse_target(str(tmp_path / "x.csv")))
    assert "999" not in str(refused.value)
    assert list(tmp_path.glob("*.csv*")) == []


def test_parquet_keeps_models_beside_and_points_to_the_newest(
    project: Project, tmp_path: Path
) -> None:
    folder = tmp_path / "out"
    target = parse_target(str(folder))
    write(project)
    assert send(project, target).done == "new"
    place = folder / f"as_of={AS_OF}" / f"model_version={Model().key}"
    table = pq.read_table(place / "scores.parquet", partitioning=None)
    assert table.schema.names == list(SCORES.names)
    assert table.schema.field("subscriber_id").type == "int64"
    assert "风险档位" in table.schema.field("tier").metadata[b"comment"].decode()
    assert table.column("call_place").to_pylist() == list(PLACES.values())
    stored = pq.read_table(place / "reasons.parquet", partitioning=None)
    assert stored.schema.names == list(REASONS_TABLE.names)
    assert stored.num_rows == 15
    before = {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()}
    assert send(project, target).done == "unchanged"
    assert {p: p.read_bytes() for p in folder.rglob("*") if p.is_file()} == before

    other = Model(version="4", sha256="cd" * 32)
    write(project, model=other)
    assert send(project, target).done == "new"
    assert place.is_dir()
    current = json.loads((folder / "current.json").read_text())
    assert current["model_version"] == other.key
    assert (folder / current["folder"] / "scores.parquet").is_file()
    # An older month does not become the newest.
    write(project, as_of="2025-12-01")
    send(project, target, "2025-12-01")
    assert json.loads((folder / "current.json").read_text()) == current
    # Back to the first model.
    write(project)
    assert send(project, target).done == "made current"
    assert json.loads((folder / "current.json").read_text())["model_version"] == Model().key


def test_a_changed_partition_is_refused(project: Project, tmp_path: Path) -> None:
    folder = write(project)
    frame = scores()
    frame.loc[0, "probability"] = 0.91
    frame.to_parquet(folder / "scores.parquet", index=False)
    with pytest.raises(ChurnlightError, match=r"scores\.parquet not as the manifest says"):
        send(project, parse_target(str(tmp_path / "x.csv")))
    assert not (tmp_path / "x.csv").exists()


def test_a_manifest_that_does_not_name_a_file_is_refused(project: Project) -> None:
    folder = write(project)
    content = json.loads((folder / "manifest.json").read_text())
    del content["files"]["medians.json"]
    (folder / "manifest.json").write_text(json.dumps(content))
    with (
        pytest.raises(ChurnlightError, match=r"medians\.json not as"),
        opened(project, AS_OF, ()),
    ):
        pass


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schema_version": 2}, "schema_version is 2"),
        ({"as_of": "2025-12-01"}, "is of as_of '2025-12-01'"),
        ({"rows": {"scores": 4}}, "has 5 rows, its manifest says 4"),
    ],
)
def test_a_manifest_of_something_else_is_refused(
    project: Project, changes: dict[str, object], message: str
) -> None:
    folder = write(project)
    content = json.loads((folder / "manifest.json").read_text())
    (folder / "manifest.json").write_text(json.dumps(content | changes))
    with pytest.raises(ChurnlightError, match=message), opened(project, AS_OF, ()):
        pass


def test_rows_that_cannot_be_are_refused(project: Project, tmp_path: Path) -> None:
    target = parse_target(str(tmp_path / "x.csv"))
    write(project, scores((*PEOPLE, PEOPLE[0])), said=reasons([101]))
    with pytest.raises(ChurnlightError, match="1 rows repeat a subscriber_id") as refused:
        send(project, target)
    assert "101" not in str(refused.value)
    write(project, scores(as_of="2025-12-01"))
    with pytest.raises(ChurnlightError, match="says as_of 2025-12-01"):
        send(project, target)
    write(project, scores().drop(columns="leaf"))
    with pytest.raises(ChurnlightError, match="scores of as_of 2026-01-01 lack leaf"):
        send(project, target)
    write(project, scores().assign(tier=None))
    with pytest.raises(ChurnlightError, match="tier is empty in 5 rows"):
        send(project, target)


def test_without_a_manifest_the_champions_files_are_the_version(
    project: Project, tmp_path: Path
) -> None:
    write(project, model=None)
    (project.model("tree")).mkdir(parents=True)
    (project.model("tree") / "tree.json").write_text("{}")
    files.write_json(project.tiers / FILE, {"schema_version": 1, "champion": "tree", "models": {}})
    seal(project.tiers)
    done = send(project, parse_target(str(tmp_path / "x.csv")))
    assert done.model_version == files.sha256_of_tree(project.model("tree"))[:12]


def test_no_number_is_empty_and_never_nan(project: Project, tmp_path: Path) -> None:
    folder = write(project, model=None)
    (project.model("tree")).mkdir(parents=True)
    files.write_json(project.tiers / FILE, {"schema_version": 1, "champion": "tree", "models": {}})
    seal(project.tiers)
    table = pa.Table.from_pandas(scores(), preserve_index=False)
    place = table.schema.get_field_index("monthly_bill_money")
    bills = pa.array([100.0, 300.0, float("nan"), 900.0, 500.0], from_pandas=False)
    pq.write_table(table.set_column(place, "monthly_bill_money", bills), folder / "scores.parquet")
    send(project, parse_target(str(tmp_path / "x.csv")))
    assert rows_of(tmp_path / "x.csv")[2]["monthly_bill_money"] == ""


def test_simulated_subscribers_are_said_to_be(project: Project, tmp_path: Path) -> None:
    write(project)
    files.write_json(project.inventory / "source.json", {"simulated": True})
    done = send(project, parse_target(str(tmp_path / "x.csv")))
    assert "simulated" in str(done)
    assert {row["simulated"] for row in rows_of(tmp_path / "x.csv")} == {"true"}


def test_the_scored_partitions_are_no_target(project: Project) -> None:
    write(project)
    with pytest.raises(UsageError, match="data/scores itself"):
        send(project, parse_target(str(project.data / "scores" / "x.csv")))


def test_every_table_and_column_says_what_it_is_in_both_languages() -> None:
    for table in TABLES:
        for text in (table.says, *(c.says for c in table.columns)):
            english, _, chinese = text.partition(" · ")
            assert english.isascii() or "×" in english, text
            assert chinese, text
    assert all("·" in view.says for view in VIEWS)


def test_a_month_scored_again_meanwhile_is_published_as_it_was(project: Project) -> None:
    """The partition is replaced by rename while it is being read."""
    write(project)
    with opened(project, AS_OF, ("red",)) as partition:
        people = tuple((*p[:2], 0.5, *p[3:]) for p in PEOPLE)
        write(project, scores(people), model=Model(version="9"))
        rows = pd.concat([b.to_pandas() for b in partition.score_batches()])
    assert rows["probability"].tolist() == [p[2] for p in PEOPLE]
    assert set(rows["model_version"]) == {Model().key}
