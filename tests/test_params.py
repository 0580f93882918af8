"""params.yaml: defaults, reasons, and errors that name what was meant."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from churnlight.errors import UsageError
from churnlight.params.base import read_section, read_yaml
from churnlight.params.data import TimeParams
from churnlight.params.judging import EvaluateParams
from churnlight.params.learning import GbmParams
from churnlight.params.whole import Params, load, parse

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "params.yaml"


def test_the_file_holds_the_defaults() -> None:
    written = yaml.safe_load(FILE.read_text())
    defaults = Params().model_dump(mode="json")
    for name in ("as_ofs",):
        defaults.pop(name)
        written.pop(name)
    defaults["extracts"].pop("months")
    written["extracts"].pop("months")
    assert written == defaults


def keys(content: dict[str, object], prefix: str = "") -> set[str]:
    found = set()
    for name, value in content.items():
        found.add(prefix + name)
        if isinstance(value, dict) and name != "as_ofs":
            found |= keys(value, f"{prefix}{name}.")
    return found


@pytest.mark.parametrize("path", sorted((ROOT / "examples").glob("*.yaml")), ids=lambda p: p.name)
def test_examples_say_every_parameter(path: Path) -> None:
    # DVC reads what it depends on from the file itself: there a default is no value.
    assert keys(yaml.safe_load(path.read_text())) == keys(yaml.safe_load(FILE.read_text()))


def test_a_reason_stands_above_every_parameter() -> None:
    lines = FILE.read_text().splitlines()
    for number, line in enumerate(lines):
        key, separator, value = line.strip().partition(":")
        if not separator or line.strip().startswith(("#", "-", '"')) or not value.strip():
            continue
        above = number - 1
        while lines[above].strip().startswith("-"):
            above -= 1
        grouped = lines[above].strip() and not lines[above].strip().endswith(":")
        assert grouped, f"{key}: no reason above it"


def test_the_roles_of_the_file_hold() -> None:
    params = load(FILE)
    assert params.as_of_with("test") == ("2025-11-01",)


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ({"trian": {}}, "unknown parameter 'trian': did you mean 'train'?"),
        (
            {"train": {"gbm": {"learning_rte": 0.1}}},
            "unknown parameter 'train.gbm.learning_rte': did you mean 'learning_rate'?",
        ),
        ({"train": {"gbm": {"learning_rate": "fast"}}}, "train.gbm.learning_rate"),
        ({"tiers": {"shares": [0.5, 0.5]}}, "tiers.names has 5 entries, tiers.shares 2"),
        ({"tiers": {"shares": [0.5, 0.3, 0.1, 0.05, 0.04]}}, "adds up to 0.99"),
        ({"as_ofs": {"2025-04-02": "fit"}}, "did you mean 2025-04-01"),
        ({"as_ofs": {"2025-04-01": "fitt"}}, "as_ofs.2025-04-01"),
        ({"extracts": {"months": ["2025-13"]}}, "'2025-13' is no month"),
        (
            {"extracts": {"months": ["2025-01", "2025-02", "2025-01"]}},
            "extracts.months names 2025-01 twice",
        ),
        ({"schema_version": 2}, "schema_version"),
        ({"time": {"close_days": 0}}, "time.close_days"),
        ({"evaluate": {"call_list": 20.5}}, "evaluate.call_list is 20.5"),
        ({"evaluate": {"tenure_months": [12, 12]}}, "evaluate.tenure_months does not rise"),
        ({"evaluate": {"profit": {"offer_money": 300}}}, "no campaign could pay"),
    ],
)
def test_wrong_parameters_are_named(content: dict[str, object], says: str) -> None:
    with pytest.raises(UsageError) as error:
        parse(content, source="params.yaml")
    assert says in str(error.value)


def test_a_section_is_held_to_its_model(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("time: {window_month: 3}\n")
    with pytest.raises(UsageError, match="did you mean 'window_months'"):
        read_section(file, "time", TimeParams)


def test_zero_is_a_value(tmp_path: Path) -> None:
    file = tmp_path / "params.yaml"
    file.write_text("evaluate: {seed: 0}\n")
    assert read_section(file, "evaluate", EvaluateParams).seed == 0


def test_an_as_of_needs_no_quotes() -> None:
    content = yaml.safe_load("as_ofs: {2025-04-01: fit, 2025-06-01: test}")
    assert parse(content, source="params.yaml").as_of_with("fit") == ("2025-04-01",)


@pytest.mark.parametrize("text", ["- a\n- b\n", "a: [", "time: 3\n", "\x00"])
def test_no_text_is_a_traceback(tmp_path: Path, text: str) -> None:
    file = tmp_path / "params.yaml"
    file.write_text(text)
    with pytest.raises(UsageError, match=r"params\.yaml"):
        load(file)


def test_missing_file(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="run from the project's folder"):
        read_yaml(tmp_path / "params.yaml")


def test_sections_are_frozen() -> None:
    with pytest.raises(ValueError, match="frozen"):
        GbmParams().num_leaves = 3
