"""The reader of params.yaml: whatever the file holds, it is read, or one line says why not."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from churnlight.errors import ChurnlightError, UsageError
from churnlight.params.base import SECTIONS, read_section
from churnlight.params.data import EngineParams
from churnlight.params.whole import Params, load
from churnlight.params.written import require_written

ROOT = Path(__file__).resolve().parents[2]
TEXT = (ROOT / "params.yaml").read_text(encoding="utf-8")
LINES = TEXT.splitlines(keepends=True)
SHORT = 2000

fuzzing = settings(
    max_examples=60,
    derandomize=True,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)

# Values that a hand, a script or a template may leave behind.
NASTY = st.sampled_from(
    [
        *("", "~", "null", "yes", "NaN", ".nan", ".inf", "-.inf", "-1", "0", "1e999", "2025-02-30"),
        *("9999-12-31", "'", '"', "{}", "[]", "[[[[]]]]", "{a: {b: {c: d}}}", "*gone", "&a [*a]"),
        *("!!python/object/apply:os.system ['true']", "!!timestamp x", "!!bool maybe", "!!int ''"),
        *(
            "9" * 5000,
            "99999999999999999999",
            "0x",
            "1_000",
            "1,5",
            "'2025-13'",
            "\t",
            "@",
            "%",
            "\0",
        ),
        *(
            "<<: 7",
            "? [a]\n: b",
            "账单",
            "\ufeff",
            "\u2028",
            "- 1\n- 2",
            "a: b: c",
            "'x' y",
            "x" * 9000,
        ),
    ]
)


@st.composite
def mutated(draw: st.DrawFn) -> str:
    """The real file after a few accidents."""
    lines = list(LINES)
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(lines) - 1))
        line = lines[place]
        accident = draw(st.sampled_from(["value", "drop", "twice", "indent", "cut", "sign", "key"]))
        if accident == "value" and ":" in line:
            lines[place] = f"{line.split(':')[0]}: {draw(NASTY)}\n"
        elif accident == "drop":
            lines[place] = ""
        elif accident == "twice":
            lines[place] = line * 2
        elif accident == "indent":
            lines[place] = " " * draw(st.integers(0, 3)) + line.lstrip()
        elif accident == "cut":
            del lines[max(place, 1) :]
        elif accident == "key":
            lines[place] = line.replace("e", "x", 1)
        else:
            at = draw(st.integers(0, len(line)))
            lines[place] = line[:at] + draw(NASTY) + line[at:]
    return "".join(lines)


def read_all(path: Path) -> str:
    """What the reader says: nothing when it reads the file."""
    said = ""
    for read in (load, lambda p: read_section(p, "engine", EngineParams)):
        try:
            read(path)
        except ChurnlightError as error:
            said = str(error)
            assert said
            assert "\n" not in said
            assert len(said) < SHORT
            assert "Traceback" not in said
    return said


@fuzzing
@given(text=mutated())
def test_the_real_file_after_accidents(text: str, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    read_all(tmp_path / "params.yaml")


@fuzzing
@given(content=st.binary(max_size=200))
@example(content=b"\xff\xfee\x00")
@example(content=b"[" * 5000)
@example(content=b"a: &a [x]\nb: *a\nextracts: *a\n")
def test_any_bytes(content: bytes, tmp_path: Path) -> None:
    (tmp_path / "params.yaml").write_bytes(content)
    read_all(tmp_path / "params.yaml")


LEAVES = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=12)
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(st.sampled_from(SECTIONS) | st.text(max_size=6) | st.integers(), inner)
    ),
    max_leaves=12,
)


@fuzzing
@given(tree=st.dictionaries(st.sampled_from(SECTIONS), TREES, max_size=6))
def test_any_tree_below_the_sections(tree: dict[str, object], tmp_path: Path) -> None:
    text = yaml.safe_dump(tree, allow_unicode=True)
    (tmp_path / "params.yaml").write_text(text, encoding="utf-8")
    read_all(tmp_path / "params.yaml")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("trian:\n  seed: 1\n", "params.yaml: unknown parameter 'trian': did you mean 'train'?"),
        ("7: x\n", "params.yaml: unknown parameter '7': valid: as_ofs,"),
        (
            "time:\n  window_months: 2025-02-30\n",
            "is not valid YAML: day is out of range for month",
        ),
        ("a: b: c\n", "is not valid YAML: line 1: mapping values are not allowed here"),
        ("engine: [\n", "is not valid YAML: line 2:"),
        ("[" * 5000, "is not valid YAML: nested too deeply"),
        ("engine:\n  threads: " + "9" * 5000, "is not valid YAML: Exceeds the limit"),
        (
            "engine:\n  name: " + "x" * 9000,
            "engine.name: Input should be 'duckdb' or 'spark' (got 'xxx",
        ),
        ("engine: 7\n", "engine: Input should be a valid dictionary"),
        ("- 1\n", "expected sections, got list"),
        ("", "expected sections, got NoneType"),
        ("schema_version: 0\n", "schema_version is 0, this churnlight reads 1: compare your file"),
    ],
)
def test_each_stage_says_what_is_wrong(text: str, says: str, tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(UsageError) as refused:
        read_section(path, "engine", EngineParams)
    assert says in str(refused.value)
    assert len(str(refused.value)) < SHORT


def test_a_misspelt_section_stops_a_stage_that_reads_another(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    path.write_text(TEXT.replace("\ntiers:", "\nteirs:"), encoding="utf-8")
    with pytest.raises(UsageError, match=r"unknown parameter .teirs.: did you mean .tiers.\?"):
        read_section(path, "engine", EngineParams)


def test_the_sections_that_stages_know_are_those_there_are() -> None:
    # A new section is named in params.base, too, or stages take it for a misspelt one.
    assert set(SECTIONS) == set(Params.model_fields)
    assert len(SECTIONS) == len(set(SECTIONS))


PIPELINES = [ROOT / "dvc.yaml", ROOT / "demo" / "dvc.yaml"]


def test_an_older_file_is_told_what_to_write(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    content = yaml.safe_load(TEXT)
    del content["explain"], content["time"]["close_days"], content["extracts"]["follow_links"]
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(UsageError, match=r"params.yaml lacks what this version depends on") as said:
        require_written(path, PIPELINES)
    assert "; time.close_days: 5" in str(said.value)
    assert "): explain: {" in str(said.value)
    # DVC depends on the section, which is there; the parameter may be left out of it.
    assert "follow_links" not in str(said.value)
    assert "\n" not in str(said.value)


def test_what_is_to_be_written_is_read_again(tmp_path: Path) -> None:
    path = tmp_path / "params.yaml"
    content = yaml.safe_load(TEXT)
    del content["explain"]
    path.write_text(yaml.safe_dump(content), encoding="utf-8")
    with pytest.raises(UsageError) as said:
        require_written(path, PIPELINES)
    told = str(said.value).split("are the defaults): ")[1]
    path.write_text(yaml.safe_dump(content) + told + "\n", encoding="utf-8")
    require_written(path, PIPELINES)
    assert load(path).explain == Params().explain


def test_the_projects_own_file_lacks_nothing() -> None:
    require_written(ROOT / "params.yaml", PIPELINES)
    require_written(ROOT / "examples" / "callmemaybe.yaml", PIPELINES)
