"""The section of docs/performance.md on pseudonyms."""

from __future__ import annotations

from benchmarks.markdown import table
from benchmarks.requirements import Results, busy_mark

_WORDS = {
    "parquet_integers": "Parquet, numbers as integers",
    "parquet_text": "Parquet, numbers as text",
    "csv": "CSV",
}


def pseudonyms(results: Results) -> str:
    """`churnlight pseudonymise` by kind of file, beside pandas."""
    r = results.get("pseudonymise")
    if r is None:
        return ""
    mark = busy_mark([r])
    found = r["rows_per_second_by_kind"]
    rates = {words: found[kind] for kind, words in _WORDS.items()}
    rates |= {
        "Parquet, integers, and the operator's map": r["rows_per_second_with_map"],
        f"pandas, `map` with `hmac` on {r['peer_rows']:,} rows": r["peer_rows_per_second"],
    }
    rows = [[words, f"{rate:,}{mark}"] for words, rate in rates.items()]
    distinct = ", ".join(f"{count:,} distinct {name}" for name, count in r["distinct"].items())
    about = f"{r['rows']:,} CDRs with {distinct}; from file to file.\n\n"
    return f"## Pseudonyms\n\n{about}{table(('what is read', 'rows/s'), rows)}"
