"""The command `churnlight`, for people and cron. Imports are lazy: `--help` answers at once."""

from churnlight.cli.app import main

__all__ = ["main"]
