from __future__ import annotations

from collections.abc import Iterator
from itertools import count
from pathlib import Path
from typing import Any

import pytest
from publish_world import PASSWORD, Base, make_project

from churnlight.paths import Project

_numbers = count(1)


@pytest.fixture(autouse=True)
def _own_surroundings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """No credentials but the test's."""
    for name in ("PGPASSWORD", "PGPASSFILE", "PGSERVICE", "PGHOST", "PGUSER", "PGDATABASE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path))


@pytest.fixture
def project(tmp_path: Path) -> Project:
    return make_project(tmp_path / "project")


@pytest.fixture
def base(postgres: Any, monkeypatch: pytest.MonkeyPatch) -> Iterator[Base]:
    """An empty database whose owner, the writer, needs a password; PGPASSWORD holds it."""
    number = next(_numbers)
    name, user = f"crm_{number}", f"writer_{number}"
    with postgres.admin() as admin:
        admin.execute(f"create role {user} login password '{PASSWORD}'")
        admin.execute(f"create database {name} owner {user}")
    monkeypatch.setenv("PGPASSWORD", PASSWORD)
    yield Base(postgres, name, user)
    with postgres.admin() as admin:
        admin.execute(f"drop database {name} with (force)")
