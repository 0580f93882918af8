"""A project whose months are CSV files, and its marts: by the stages, and by the command."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow.parquet as pq
import yaml

from churnlight import files
from churnlight.cli.commands import app
from churnlight.paths import Project
from churnlight.stages.check import check
from churnlight.stages.inventory import inventory
from churnlight.stages.marts import marts

CDR = (
    "subscriber_id,counterpart_id,kind,direction,started_at,duration_s,bytes,counterpart_network,"
    "counterpart_service,roaming,cell_id,events,event_id,known_at"
)


class Operator:
    """A project in a folder; `monkeypatch` leads the stages to it."""

    def __init__(self, root: Path, monkeypatch, months=("2025-01",), **sections: object) -> None:
        self.project = Project(root)
        self.out = root / "by_command"
        root.mkdir(parents=True)
        (root / "dvc.yaml").write_text("stages: {}\n")
        self.params = {
            "engine": {"threads": 1, "memory_limit_gb": 1.0},
            "extracts": {"path": "extracts", "months": list(months)},
            "check": {"max_refused_share": 1.0},
        } | sections
        self.write_params()
        monkeypatch.setenv("CHURNLIGHT_PROJECT", str(root))
        monkeypatch.chdir(root)

    def write_params(self) -> None:
        self.project.params_file.write_text(yaml.safe_dump(self.params))

    def write(self, month: str, *rows: str) -> None:
        self.put("cdr", month, "\n".join([CDR, *rows]) + "\n")
        self.put("subscribers", month, "subscriber_id,status,activated_on\ns,active,2020-01-01\n")

    def put(self, extract: str, month: str, text: str) -> None:
        folder = self.project.extracts("extracts") / extract / f"month={month}"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "part.csv").write_text(text)

    def check(self) -> None:
        inventory()
        check()

    def verdict(self, month: str = "2025-01") -> dict[str, object]:
        return files.read_json(self.project.check / "cdr" / f"month={month}.json")

    def quarantine(self, month: str = "2025-01") -> list[dict[str, object]]:
        path = self.project.quarantine / "cdr" / f"month={month}" / "refused.parquet"
        return pq.read_table(path, partitioning=None).to_pylist() if path.exists() else []

    def by_stages(self, month: str = "2025-01") -> dict[str, bytes]:
        self.check()
        marts(month)
        return self.bytes_of(self.project.marts / f"month={month}")

    def command(self, *options: str, month: str = "2025-01") -> dict[str, bytes]:
        """Run `churnlight marts`; errors come as they are."""
        extracts = str(self.project.extracts("extracts"))
        fixed = ["marts", "--extracts", extracts, "--month", month, "--out", str(self.out)]
        app(["--quiet", "--json", *fixed, *options], standalone_mode=False)
        return self.bytes_of(self.out / f"month={month}")

    @staticmethod
    def bytes_of(folder: Path) -> dict[str, bytes]:
        return {p.stem: p.read_bytes() for p in sorted(folder.glob("*.parquet"))}

    def rows(self, mart: str, month: str = "2025-01") -> list[dict[str, object]]:
        path = self.project.marts / f"month={month}" / f"{mart}.parquet"
        return pq.read_table(path, partitioning=None).to_pylist()

    def manifest(self, month: str = "2025-01") -> dict[str, object]:
        return json.loads((self.project.marts / f"month={month}" / "manifest.json").read_text())
