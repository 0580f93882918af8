"""What no line of the package may do, held on its syntax: linters don't know all of it."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SRC = ROOT / "src" / "churnlight"
PROGRAMS = sorted([*SRC.rglob("*.py"), *(ROOT / "scripts").glob("*.py")])
PROGRAMS += sorted((ROOT / "benchmarks").glob("*.py"))
TEMPLATES = sorted(SRC.rglob("*.html"))

# Serialisers that run what they read.
RUNNING_FORMATS = {"pickle", "cPickle", "cloudpickle", "dill", "joblib", "marshal", "shelve"}
RUNNING_CALLS = {
    *("eval", "exec", "compile", "__import__", "os.system", "os.popen", "os.execv", "os.spawnl"),
    *("subprocess.getoutput", "subprocess.getstatusoutput", "pty.spawn"),
    *("yaml.load", "yaml.unsafe_load", "yaml.full_load", "yaml.load_all"),
    *("pd.read_pickle", "pandas.read_pickle", "np.lib.format.read_array"),
    *("torch.load", "mlflow.pyfunc.load_model", "mlflow.sklearn.load_model"),
}
# Where a string becomes SQL.
SQL_CALLS = {"execute", "executemany", "raw_sql", "sql", "SQL", "copy"}
# Constants of the package that psycopg.sql takes as they are: file -> expressions.
OUR_SQL = {
    "publish/installing.py": {
        "column.type",
        "'default ' + column.default",
        "_NEWEST",
        "_STATEMENTS[view.name]",
    }
}
SPEAKS_SQL = re.compile(
    r"^\s*(select\s+\S+.*\bfrom\b|insert\s+into|delete\s+from|update\s+\S+\s+set"
    r"|drop\s+(table|view|schema)|create\s+(or\s+replace\s+)?(table|view|schema)|alter\s+table"
    r"|copy\s+\S+\s+(from|to)|attach\s|pragma\s|install\s|set\s+\S+\s*=)",
    re.IGNORECASE,
)


@cache
def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def name_of(node: ast.expr) -> str:
    """`a.b.c` as text; empty for anything else."""
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        before = name_of(node.value)
        return f"{before}.{node.attr}" if before else ""
    return ""


def calls(path: Path) -> Iterator[tuple[str, ast.Call]]:
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.Call):
            last = node.func.attr if isinstance(node.func, ast.Attribute) else ""
            yield name_of(node.func) or last, node


def ids(path: Path) -> str:
    return str(path.relative_to(ROOT))


def running_things(path: Path) -> list[str]:
    found = []
    for node in ast.walk(parsed(path)):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [node.module or ""]
        found += [n for n in names if n.split(".")[0] in RUNNING_FORMATS]
    for name, call in calls(path):
        options = {k.arg: k.value for k in call.keywords}
        safe = "Loader" in options and ast.unparse(options["Loader"]).endswith("SafeLoader")
        if name in RUNNING_CALLS and not safe:
            found.append(f"{name}: {call.lineno}")
        for unsafe in ("shell", "allow_pickle"):
            value = options.get(unsafe)
            if value is not None and not (isinstance(value, ast.Constant) and value.value is False):
                found.append(f"{unsafe}: {call.lineno}")
        if name == "YAML" and ast.unparse(options.get("typ", ast.Constant("rt"))) == "'unsafe'":
            found.append(f"YAML: {call.lineno}")
    return found


def test_nothing_runs_what_it_reads() -> None:
    assert {ids(p): found for p in PROGRAMS if (found := running_things(p))} == {}


def built(node: ast.expr) -> bool:
    """Whether a string is put together: f-string, +, %, join or format on a plain string."""
    if isinstance(node, ast.JoinedStr):
        return any(isinstance(part, ast.FormattedValue) for part in node.values)
    if isinstance(node, ast.BinOp):
        return isinstance(node.op, ast.Add | ast.Mod)
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
        of = node.func.value
        return node.func.attr in {"format", "join", "replace"} and isinstance(of, ast.Constant)
    return False


def sql_from_text(path: Path) -> list[str]:
    ours = OUR_SQL.get(path.relative_to(SRC).as_posix() if path.is_relative_to(SRC) else "", set())
    found = []
    for node in ast.walk(parsed(path)):
        if isinstance(node, ast.JoinedStr) and built(node):
            text = "".join(p.value if isinstance(p, ast.Constant) else "x" for p in node.values)
            if SPEAKS_SQL.match(text):
                found.append(f"f-string: {node.lineno}")
        if isinstance(node, ast.Call) and node.args:
            first = node.args[0]
            last = name_of(node.func).rsplit(".", 1)[-1]
            if last not in SQL_CALLS or ast.unparse(first) in ours:
                continue
            # psycopg.sql takes constants alone; all else has to come from it.
            if built(first) or (last == "SQL" and not isinstance(first, ast.Constant)):
                found.append(f"{last}: {node.lineno}")
    return found


def test_sql_is_never_put_together_from_text() -> None:
    ours = [p for p in PROGRAMS if p.is_relative_to(SRC)]
    assert len(ours) > 100
    assert {ids(p): found for p in ours if (found := sql_from_text(p))} == {}


def test_the_exceptions_are_still_there() -> None:
    """An exception that nothing uses would let a later mistake through."""
    for name, expressions in OUR_SQL.items():
        used = {ast.unparse(c.args[0]) for _, c in calls(SRC / name) if c.args}
        assert expressions <= used


BAD = """
import pickle, subprocess, yaml
subprocess.run("ls " + name, shell=True)
eval(text)
yaml.load(text)
np.load(path, allow_pickle=True)
cursor.execute(f"select a from {table}")
cursor.execute("delete from " + table)
con.raw_sql("drop table %s" % table)
sql.SQL(table)
query = f"insert into {table} values (1)"
"""


def test_these_tests_see_what_they_look_for(tmp_path: Path) -> None:
    path = tmp_path / "bad.py"
    path.write_text(BAD)
    assert running_things(path) == [
        "pickle",
        "shell: 3",
        "eval: 4",
        "yaml.load: 5",
        "allow_pickle: 6",
    ]
    assert sorted(sql_from_text(path)) == [
        "SQL: 10", "execute: 7", "execute: 8", "f-string: 11", "f-string: 7", "raw_sql: 9",
    ]  # fmt: skip


def test_every_template_is_escaped() -> None:
    made = [
        (path, call)
        for path in PROGRAMS
        for name, call in calls(path)
        if name in {"Environment", "jinja2.Environment", "Template", "jinja2.Template"}
    ]
    assert made
    for path, call in made:
        options = {k.arg: ast.unparse(k.value) for k in call.keywords}
        assert options.get("autoescape") == "True", path
    assert len(TEMPLATES) >= 3
    for path in TEMPLATES:
        text = path.read_text(encoding="utf-8")
        assert not re.search(r"\|\s*safe\b|autoescape\s+false", text), path


def test_workbooks_take_no_text_for_a_formula_or_a_link() -> None:
    made = [(p, c) for p in PROGRAMS for name, c in calls(p) if name.endswith("Workbook")]
    assert len(made) >= 2
    for path, _ in made:
        text = path.read_text(encoding="utf-8")
        assert '"strings_to_formulas": False' in text, path
        assert '"strings_to_urls": False' in text, path
        written = {c.func.attr for _, c in calls(path) if isinstance(c.func, ast.Attribute)}
        # These guess what a text is.
        assert not written & {"write_formula", "write_array_formula", "write_url", "write_row"}


def test_mlflow_listens_to_this_machine_alone() -> None:
    """Wherever a command starts MLflow's server, or a page tells how to."""
    pages = [ROOT / "Makefile", ROOT / "README.md", *(ROOT / "docs").glob("*.md")]
    found = 0
    for path in [*pages, *PROGRAMS, *(ROOT / "scripts").glob("*.sh")]:
        # A page may break the line.
        text = " ".join(path.read_text(encoding="utf-8").split())
        for start in re.finditer(r"mlflow (ui|server) --", text):
            found += 1
            assert "--host 127.0.0.1" in text[start.start() : start.start() + 120], path
        assert "0.0.0.0" not in text, path  # noqa: S104 - the address that must not stand here
    assert found >= 2
