"""Write the outcome of the last run into README.md, between its two marks."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
MARKS = re.compile(r"(<!-- outcome: .*? -->\n).*?(<!-- /outcome -->)", re.DOTALL)


def main() -> None:
    """Run `churnlight summary` at 80 columns and take its text."""
    command = [str(Path(sys.executable).parent / "churnlight"), "summary"]
    environment = os.environ | {"COLUMNS": "80", "NO_COLOR": "1", "TERM": "dumb"}
    done = subprocess.run(
        command, cwd=ROOT, env=environment, check=True, capture_output=True, text=True
    )
    lines = "\n".join(f"    {line}".rstrip() for line in done.stdout.strip("\n").splitlines())
    readme = ROOT / "README.md"
    text = MARKS.sub(lambda m: f"{m[1]}\n{lines}\n\n{m[2]}", readme.read_text(encoding="utf-8"))
    readme.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
