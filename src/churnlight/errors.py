"""The errors that users meet, each with the exit code that a shell or cron sees.

Every message says what came, what was expected, where, and what to do. No message carries a
subscriber's identifier.
"""

from __future__ import annotations

from typing import ClassVar


class ChurnlightError(Exception):
    """Something the user can put right. Exit code 1."""

    exit_code: ClassVar[int] = 1


class UsageError(ChurnlightError):
    """A parameter, option or command that can't be right. Exit code 2."""

    exit_code: ClassVar[int] = 2


class DataRefused(ChurnlightError):  # noqa: N818 - reads as a sentence where raised
    """Extracts that can't be used as they are. Exit code 3."""

    exit_code: ClassVar[int] = 3


class DriftAlarm(ChurnlightError):  # noqa: N818 - reads as a sentence where raised
    """The data no longer look like those the model learned from. Exit code 4."""

    exit_code: ClassVar[int] = 4


class Locked(ChurnlightError):  # noqa: N818 - reads as a sentence where raised
    """Another process is writing the same output. Exit code 5."""

    exit_code: ClassVar[int] = 5
