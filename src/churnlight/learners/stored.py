"""Reading what models are stored as: JSON with a version, and LightGBM's text.

Each folder of a model has a manifest with the hash of its files. What differs from it is refused,
so that nobody is scored by a model that was damaged, half copied or edited after its training.
"""

from __future__ import annotations

from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path
from typing import Any

from churnlight.errors import ChurnlightError
from churnlight.files import parse_json, read_json, read_whole, sha256_of_files, write_json
from churnlight.params.base import SCHEMA_VERSION

MANIFEST = "manifest.json"
_MEND = "train the model again (`churnlight run`, `churnlight fit`), or copy its whole folder again"


def seal(folder: Path, goes_with: Mapping[str, str] | None = None) -> None:
    """Write manifest.json: the SHA-256 of each file of a model's folder.

    Args:
        folder: with everything that belongs to the model.
        goes_with: name -> `seal_of` of the folders that it is of no use without.
    """
    write_json(
        folder / MANIFEST,
        {
            "schema_version": SCHEMA_VERSION,
            "files": sha256_of_files(folder, (MANIFEST,)),
            "goes_with": dict(goes_with or {}),
        },
    )


def seal_again(folder: Path) -> None:
    """Write manifest.json anew after a file was changed on purpose; what it goes with stays."""
    seal(folder, _manifest(folder)["goes_with"])


def seal_of(folder: Path) -> str:
    """SHA-256 of a folder's manifest, and so of everything that it names."""
    return sha256(read_whole(folder / MANIFEST)).hexdigest()


def hold(folder: Path) -> None:
    """Hold every file of a model's folder to its manifest.

    Raises:
        ChurnlightError: names the file that is missing, or not as it was written.
    """
    there = sha256_of_files(folder, (MANIFEST,))
    for name, written in _manifest(folder)["files"].items():
        if there.get(name) != written:
            raise _differs(folder / name)


def hold_together(folder: Path, parts: Mapping[str, Path]) -> None:
    """Hold the folders that a model was made with to what its manifest says of them.

    Args:
        folder: with the manifest; one that names no other folder goes with any.
        parts: name -> folder.

    Raises:
        ChurnlightError: names the folder that is another.
    """
    for name, written in _manifest(folder)["goes_with"].items():
        if seal_of(parts[name]) != written:
            raise ChurnlightError(
                f"{folder} was made with another {parts[name]}: {_MEND}; models, calibration and "
                "tiers belong together"
            )


def read_held(path: Path) -> bytes:
    """A file of a model, held to the manifest beside it; what is returned is what was hashed.

    Raises:
        UsageError: when it is missing.
        ChurnlightError: when it is not as it was written, or has no manifest.
    """
    content = read_whole(path)
    if _manifest(path.parent)["files"].get(path.name) != sha256(content).hexdigest():
        raise _differs(path)
    return content


def read_stored(path: Path) -> dict[str, Any]:
    """A model's JSON file, of the version that this churnlight writes, held to its manifest.

    Raises:
        UsageError: when it is missing or no JSON object.
        ChurnlightError: when it is of another version, or not as it was written.
    """
    content: dict[str, Any] = parse_json(read_held(path), path)
    _require_version(path, content)
    return content


def _manifest(folder: Path) -> dict[str, Any]:
    path = folder / MANIFEST
    if not path.is_file():
        raise ChurnlightError(
            f"{folder} has no {MANIFEST} with the hashes of its files (an older churnlight made "
            f"it, or it was lost): {_MEND}"
        )
    content: dict[str, Any] = read_json(path)
    _require_version(path, content)
    if not all(isinstance(content.get(key), dict) for key in ("files", "goes_with")):
        raise _differs(path)
    return content


def _require_version(path: Path, content: Mapping[str, Any]) -> None:
    version = content.get("schema_version")
    if version != SCHEMA_VERSION:
        raise ChurnlightError(
            f"{path}: schema_version is {version!r}, this churnlight reads {SCHEMA_VERSION}: "
            "train the model again with this version, or use it with the version that made it"
        )


def _differs(path: Path) -> ChurnlightError:
    return ChurnlightError(
        f"{path} is not as it was written: its hash differs from {MANIFEST} beside it. "
        f"It is not used; {_MEND}"
    )


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
