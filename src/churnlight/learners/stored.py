"""Reading what models are stored as: JSON with a version, and LightGBM's text."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from churnlight.errors import ChurnlightError
from churnlight.files import read_json
from churnlight.params.base import SCHEMA_VERSION


def read_stored(path: Path) -> dict[str, Any]:
    """A model's JSON file, of the version that this churnlight writes.

    Raises:
        UsageError: when it is missing or no JSON object.
        ChurnlightError: when it is of another version.
    """
    content: dict[str, Any] = read_json(path)
    version = content.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ChurnlightError(
            f"{path}: schema_version is {version!r}, this churnlight reads {SCHEMA_VERSION}: "
            "train the model again with this version, or use it with the version that made it"
        )
    return content


def load_booster(text: str, origin: str) -> Any:
    """A lightgbm.Booster from LightGBM's text.

    Args:
        text: as LightGBM writes it.
        origin: where it comes from, for the message.

    Raises:
        ChurnlightError: when LightGBM can't read it.
    """
    import lightgbm

    # LightGBM ends the process on some damaged texts, so the ends are looked at first.
    if text.startswith("tree\n") and "\nend of parameters\n" in text:
        try:
            return lightgbm.Booster(model_str=text)
        except lightgbm.basic.LightGBMError as error:
            reason = str(error)
    else:
        reason = "it does not begin and end as LightGBM writes it"
    raise ChurnlightError(f"{origin} is no whole LightGBM model ({reason}): train it again")
