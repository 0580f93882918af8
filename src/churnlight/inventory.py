"""Which extracts and months there are, and the hashes of their files.

Extracts stand under `<root>/<extract>/month=YYYY-MM/`, reference tables under `<root>/<extract>/`,
as Parquet, CSV or gzipped CSV. They are read in place and never copied.
"""

from __future__ import annotations

import difflib
import logging
import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from churnlight.errors import DataRefused
from churnlight.files import sha256_of, write_json
from churnlight.logs import progress
from churnlight.schema import EXTRACTS, MONTHLY, REFERENCE
from churnlight.timeline import Month

SUFFIXES = (".parquet", ".csv", ".csv.gz")
SIMULATED_FILE = "simulated.json"
REFERENCE_FILE = "reference.json"
_PARTITION = re.compile(r"^month=(\d{4}-(?:0[1-9]|1[0-2]))$")
_LOG = logging.getLogger(__name__)


def folder_of(root: Path, extract: str, month: Month | None) -> Path:
    """Where the files of an extract's month stand (`month` None: a reference table)."""
    return root / extract if month is None else root / extract / f"month={month}"


def files_of(root: Path, extract: str, month: Month | None) -> list[Path]:
    """Files of an extract's month, or of a reference table, sorted; empty when there are none.

    Names that begin with a dot or an underscore are half-written or foreign and are left out.
    """
    return [p for p in _named(folder_of(root, extract, month)) if p.is_file()]


def _named(folder: Path) -> list[Path]:
    """What is named like a file of an extract, sorted; links to nothing too."""
    if not folder.is_dir():
        return []
    return sorted(
        p for p in folder.iterdir() if p.name[0] not in "._" and p.name.endswith(SUFFIXES)
    )


def months_of(root: Path, extract: str) -> tuple[Month, ...]:
    """Months of an extract that hold at least one file, sorted.

    Raises:
        DataRefused: when a partition's name is no month; names the folder and how to spell it.
    """
    folder = root / extract
    if not folder.is_dir():
        return ()
    months = []
    for path in sorted(folder.glob("month=*")):
        match = _PARTITION.match(path.name)
        if match is None:
            raise DataRefused(f"{path} is no month: name the folder month=YYYY-MM")
        month = Month.parse(match[1])
        if files_of(root, extract, month):
            months.append(month)
    return tuple(months)


def require_files(root: Path, extract: str, month: Month | None) -> list[Path]:
    """Files of an extract's month, of which there must be one.

    Raises:
        DataRefused: names the path looked for and the months found.
    """
    files = files_of(root, extract, month)
    if files:
        return files
    looked = folder_of(root, extract, month)
    if month is None:
        raise DataRefused(f"no {extract}: looked for Parquet or CSV files in {looked}")
    raise DataRefused(
        f"no {extract} of {month}: looked for Parquet or CSV files in {looked}; "
        f"months found: {spell(months_of(root, extract))}"
    )


def spell(months: Sequence[Month]) -> str:
    """Months in words: runs as "first to last", joined by commas; "none" when there are none."""
    runs: list[list[Month]] = []
    for month in sorted(months):
        if runs and runs[-1][-1] + 1 == month:
            runs[-1].append(month)
        else:
            runs.append([month])
    words = [str(r[0]) if len(r) == 1 else f"{r[0]} to {r[-1]}" for r in runs]
    return ", ".join(words) or "none"


def entry(
    root: Path, extract: str, month: Month | None, *, follow_links: bool = False
) -> dict[str, object]:
    """Inventory entry of an extract's month: its files with bytes and SHA-256, by name.

    Names are relative to the extracts' root, so that the entry says nothing about the machine.

    Raises:
        DataRefused: see `require_inside`.
    """
    require_inside(root, extract, month, follow_links=follow_links)
    return {
        "extract": extract,
        "month": None if month is None else str(month),
        "files": [
            {
                "name": path.relative_to(root).as_posix(),
                "bytes": path.stat().st_size,
                "sha256": sha256_of(path),
            }
            for path in files_of(root, extract, month)
        ],
    }


def require_inside(
    root: Path, extract: str, month: Month | None, *, follow_links: bool = False
) -> None:
    """Hold the files of an extract's month to the extracts' folder, wherever links lead.

    Args:
        root: the extracts' root, which may itself be a link.
        extract: its name.
        month: the partition; None for a reference table.
        follow_links: whether links may lead out of the folder.

    Raises:
        DataRefused: names a link that leads out, or to nothing.
    """
    # Not Path.resolve(), which raises where links go in a circle.
    home = os.path.realpath(root)
    for path in _named(folder_of(root, extract, month)):
        if path.is_symlink() and not path.exists():
            raise DataRefused(f"{path} is a link to nothing: mend or remove it")
        if not follow_links and os.path.commonpath((home, os.path.realpath(path))) != home:
            raise DataRefused(
                f"{path} leads by a link out of the extracts' folder: copy the file into it, or "
                "set extracts.follow_links: true in params.yaml"
            )


def take_inventory(
    root: Path, months: Sequence[Month], *, follow_links: bool = False
) -> dict[str, object]:
    """The inventory of all extracts, as files to write.

    Args:
        root: the extracts' root.
        months: the months that count.
        follow_links: whether links may lead out of `root`.

    Returns:
        Content by file name: "<extract>/month=YYYY-MM.json" for every monthly extract and month
        (an empty list of files where there is none), and "reference.json".

    Raises:
        DataRefused: when `root` is missing, subscribers or cdr/usage lack one of the months, or a
            link leads nowhere or out of `root`.
    """
    require_months(root, months)
    content: dict[str, object] = {}
    with progress("inventory", len(MONTHLY) * len(months), "partitions") as advance:
        for name in MONTHLY:
            for month in months:
                content[f"{name}/month={month}.json"] = entry(
                    root, name, month, follow_links=follow_links
                )
                advance(1)
    content[REFERENCE_FILE] = {
        name: entry(root, name, None, follow_links=follow_links)["files"] for name in REFERENCE
    }
    return content


def write_inventory(
    root: Path, months: Sequence[Month], out: Path, *, follow_links: bool = False
) -> None:
    """Write the inventory below `out`; entries of months that no longer count disappear.

    Files whose content has not changed are not touched.
    """
    content = take_inventory(root, months, follow_links=follow_links)
    for path in sorted(out.rglob("*.json")) if out.is_dir() else []:
        if path.relative_to(out).as_posix() not in content:
            path.unlink()
    for name, part in content.items():
        write_json(out / name, part)


def require_months(root: Path, months: Sequence[Month]) -> None:
    """Hold the months asked for to those there are: subscribers, and one of cdr and usage.

    Raises:
        DataRefused: names the path looked for and the months found.
    """
    if not root.is_dir():
        raise DataRefused(
            f"no extracts: {root} is no folder. Give extracts.path in params.yaml, "
            "or run `churnlight use DIR`"
        )
    activity = activity_extract(root)
    for month in months:
        require_files(root, "subscribers", month)
        require_files(root, activity, month)


def activity_extract(root: Path) -> str:
    """The extract that says what subscribers did: "cdr", or "usage" for operators without CDRs."""
    return "usage" if months_of(root, "usage") and not months_of(root, "cdr") else "cdr"


def is_simulated(root: Path) -> bool:
    """Whether the extracts come from `churnlight demo`, which marks them; reports then say so."""
    return (root / SIMULATED_FILE).is_file()


@dataclass(frozen=True)
class Discovery:
    """What `discover` found.

    Attributes:
        months: the months that subscribers and cdr (or usage) share, without a hole.
        extracts: months of each extract found (empty for reference tables).
        notices: what the user should know: folders that are no extract, months left out.
    """

    months: tuple[Month, ...]
    extracts: Mapping[str, tuple[Month, ...]]
    notices: tuple[str, ...]


def discover(root: Path) -> Discovery:
    """Find extracts and months below a folder, for `churnlight use DIR`.

    Raises:
        DataRefused: when the folder is missing, subscribers or cdr and usage are missing, they
            share no month, or a month is missing in between; names the path looked for and what
            was found.
    """
    if not root.is_dir():
        raise DataRefused(f"{root} is no folder: give the folder that holds cdr/, subscribers/ ...")
    found = {name: months_of(root, name) for name in MONTHLY}
    found = {name: months for name, months in found.items() if months}
    found |= {name: () for name in REFERENCE if files_of(root, name, None)}
    for wanted in (("subscribers",), ("cdr", "usage")):
        if not any(name in found for name in wanted):
            raise DataRefused(_nothing_usable(root, wanted, found))
    activity = "cdr" if "cdr" in found else "usage"
    months = sorted(set(found["subscribers"]) & set(found[activity]))
    if not months:
        raise DataRefused(
            f"subscribers ({spell(found['subscribers'])}) and {activity} "
            f"({spell(found[activity])}) share no month in {root}"
        )
    for name in ("subscribers", activity, "billing"):
        _require_no_hole(root, name, found.get(name, ()), months)
    return Discovery(tuple(months), found, _notices(root, found, months))


def _nothing_usable(root: Path, wanted: tuple[str, ...], found: Mapping[str, object]) -> str:
    looked = " or ".join(str(root / name / "month=YYYY-MM") for name in wanted)
    loose = [name for name in wanted if files_of(root, name, None)]
    hint = f"; {loose[0]} has files outside any month=YYYY-MM folder" if loose else ""
    return (
        f"no usable {' or '.join(wanted)}: looked for Parquet or CSV files in {looked}{hint}. "
        f"Extracts found: {', '.join(found) or 'none'}; folders found: "
        f"{', '.join(sorted(p.name for p in root.iterdir() if p.is_dir())) or 'none'}"
    )


def _require_no_hole(
    root: Path, name: str, there: Sequence[Month], months: Sequence[Month]
) -> None:
    """Hold an extract to a run of months: none missing between its first and last that count."""
    inside = [m for m in there if months[0] <= m <= months[-1]]
    if not inside:
        return
    month = inside[0]
    while month < inside[-1]:
        if month not in inside:
            raise DataRefused(
                f"{name} has a hole: no Parquet or CSV files in {folder_of(root, name, month)}; "
                f"months found: {spell(there)}"
            )
        month = month + 1


def _notices(
    root: Path, found: Mapping[str, Sequence[Month]], months: Sequence[Month]
) -> tuple[str, ...]:
    notices = []
    for path in sorted(p for p in root.iterdir() if p.is_dir() and p.name[0] not in "._"):
        if path.name not in EXTRACTS:
            near = difflib.get_close_matches(path.name, EXTRACTS, n=1)
            hint = f"did you mean {near[0]!r}?" if near else "ignored"
            notices.append(f"{path.name} is no extract: {hint}")
    for name, there in found.items():
        missing = [m for m in months if there and m not in there]
        if missing:
            notices.append(f"{name} has no files for {spell(missing)}")
        outside = [m for m in there if m not in months]
        if outside:
            notices.append(f"{name}: months left out: {spell(outside)}")
    return tuple(notices)
