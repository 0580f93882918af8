"""Hashes that were written down, beside those of the files as they are now."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

from churnlight import files


@dataclass(frozen=True)
class Link:
    """One file that a score rests on.

    Attributes:
        file: relative to the project or to the extracts' folder.
        written: its SHA-256 when the score was made.
        now: its SHA-256 now; None: it is gone.
    """

    file: str
    written: str
    now: str | None

    @property
    def same(self) -> bool:
        """Whether it is as it was."""
        return self.now == self.written


@dataclass
class Chain:
    """All files that a score rests on.

    Attributes:
        links: in the order in which they were followed back.
        notes: changes that no file shows, in words: parameters, a folder that is gone.
    """

    links: list[Link] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def follow(self, name: str, written: str, path: Path) -> Link:
        """Take in a file, or a folder of parts, with the hash that was written down."""
        link = Link(name, written, files.sha256_of_any(path) if path.exists() else None)
        self.links.append(link)
        return link

    @property
    def changed(self) -> list[Link]:
        """Files that are gone, or not as they were."""
        return [link for link in self.links if not link.same]
