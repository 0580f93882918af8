"""Whether a piece of HTML closes what it opens, in order."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any


class _Balance(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.depth: list[str] = []

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        del attrs
        self.depth.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.depth.pop() == tag


def assert_balanced(html: str) -> None:
    parser = _Balance()
    parser.feed(html)
    assert not parser.depth
