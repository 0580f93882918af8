"""Files that appear whole or not at all, hashes of files, and locks."""

from __future__ import annotations

import fcntl
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from churnlight.errors import ChurnlightError, Locked, UsageError

_BLOCK = 1 << 20


@contextmanager
def atomic_file(path: Path) -> Iterator[Path]:
    """Yield a path to write to; it becomes `path` by rename when the block ends well.

    The name begins with a dot, so a reader that lists `*.parquet` never meets it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    beside = path.parent / f".{path.name}.{os.getpid()}.part{path.suffix}"
    try:
        yield beside
        beside.replace(path)
    finally:
        beside.unlink(missing_ok=True)


@contextmanager
def atomic_folder(path: Path) -> Iterator[Path]:
    """Yield an empty folder; it takes the place of `path` when the block ends well."""
    path.parent.mkdir(parents=True, exist_ok=True)
    _sweep(path)
    mine = f".{path.name}.{os.getpid()}."
    beside = Path(tempfile.mkdtemp(prefix=mine, suffix=".part", dir=path.parent))
    # mkdtemp makes a private folder; outputs follow the user's umask like any other file.
    mask = os.umask(0)
    os.umask(mask)
    beside.chmod(0o777 & ~mask)
    try:
        yield beside
        if path.exists():
            # Outputs that DVC linked are read-only files: a folder is moved aside, never edited.
            old = Path(tempfile.mkdtemp(prefix=mine, suffix=".old", dir=path.parent))
            path.replace(old / "content")
            beside.replace(path)
            shutil.rmtree(old)
        else:
            beside.replace(path)
    finally:
        shutil.rmtree(beside, ignore_errors=True)


def _sweep(path: Path) -> None:
    """Remove what a killed process left beside `path`; see `.dvcignore` for what stays."""
    left = re.compile(re.escape(f".{path.name}.") + r"(\d+)\.(?:part|[^.]*\.part|[^.]*\.old)\b")
    for beside in sorted(path.parent.iterdir()):
        match = left.match(beside.name)
        if match is None or _runs(int(match[1])):
            continue
        if beside.is_dir():
            shutil.rmtree(beside, ignore_errors=True)
        else:
            beside.unlink(missing_ok=True)


def _runs(process: int) -> bool:
    try:
        os.kill(process, 0)
    except (ProcessLookupError, OverflowError):
        return False
    except PermissionError:
        return True
    return True


def write_json(path: Path, content: object) -> None:
    """Write sorted, indented UTF-8 JSON that appears by rename; NaN is refused."""
    with atomic_file(path) as part:
        part.write_text(
            json.dumps(content, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
            + "\n",
            encoding="utf-8",
        )


def read_json(path: Path) -> dict[str, object]:
    """Read a JSON object.

    Raises:
        UsageError: when the file is missing or is no JSON object; names the file.
    """
    return parse_json(read_whole(path), path)


def read_whole(path: Path) -> bytes:
    """A file's bytes.

    Raises:
        UsageError: when the file is missing; names it.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        raise UsageError(f"{path} is missing: run the stage that writes it (dvc repro)") from None


def parse_json(whole: bytes, path: Path) -> dict[str, object]:
    """A file's bytes as a JSON object.

    Args:
        whole: what stands in it.
        path: where it comes from, for the message.

    Raises:
        UsageError: when it is no JSON object; names the file.
    """
    try:
        content = json.loads(whole.decode("utf-8"))
    except ValueError as error:
        raise UsageError(f"{path} is not valid JSON: {error}") from None
    if not isinstance(content, dict):
        raise UsageError(f"{path}: expected a JSON object, got {type(content).__name__}")
    return content


def read_json_if_there(path: Path) -> dict[str, Any] | None:
    """As `read_json`; None where there is no such file."""
    return dict(read_json(path)) if path.is_file() else None


def sha256_of_json(content: object) -> str:
    """SHA-256 of JSON content, whatever the order of its keys."""
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()


def sha256_of(path: Path) -> str:
    """SHA-256 of a file's bytes, in hexadecimal."""
    digest = hashlib.sha256()
    with path.open("rb") as stream:
        while block := stream.read(_BLOCK):
            digest.update(block)
    return digest.hexdigest()


def sha256_of_tree(folder: Path) -> str:
    """SHA-256 over names and contents of a folder's files, in the order of their names."""
    digest = hashlib.sha256()
    for path in sorted(p for p in folder.rglob("*") if p.is_file()):
        digest.update(f"{path.relative_to(folder).as_posix()}\0{sha256_of(path)}\n".encode())
    return digest.hexdigest()


def sha256_of_files(folder: Path, without: Collection[str] = ()) -> dict[str, str]:
    """SHA-256 of each file below a folder, by its name relative to the folder.

    Args:
        folder: the folder.
        without: relative names that are left out.
    """
    names = {path.relative_to(folder).as_posix(): path for path in folder.rglob("*")}
    return {n: sha256_of(p) for n, p in sorted(names.items()) if p.is_file() and n not in without}


def sha256_of_any(path: Path) -> str:
    """SHA-256 of a file, or of the folder of parts that Spark writes where DuckDB writes a file."""
    return sha256_of_tree(path) if path.is_dir() else sha256_of(path)


@contextmanager
def lock(path: Path) -> Iterator[None]:
    """Hold an output for this process; the lock ends with the process, however it ends.

    Raises:
        Locked: when another process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a+", encoding="utf-8") as stream:
        try:
            fcntl.flock(stream, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            stream.seek(0)
            holder = stream.read().strip() or "unknown"
            raise Locked(
                f"{path.stem} is being written by process {holder}: wait for it, or end it"
            ) from None
        stream.truncate(0)
        stream.write(str(os.getpid()))
        stream.flush()
        yield


def require_file(path: Path, made_by: str) -> Path:
    """Return `path`, or say which stage makes it.

    Raises:
        ChurnlightError: when there is no such file or folder.
    """
    if not path.exists():
        raise ChurnlightError(f"{path} is missing: `dvc repro {made_by}` makes it")
    return path
