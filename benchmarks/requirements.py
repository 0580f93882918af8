"""What issue and design ask of speed and memory, and the results that say whether it is reached."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

Result = Mapping[str, Any]
Results = Mapping[str, Result]

NOT_MEASURED = "not measured"
BUSY_MARK = " (busy)"
LEAST, MOST = "at least", "at most"
PEERS = {
    "edges_ours": "churnlight, rows sorted by key",
    "edges_pandas_plain": "pandas, grouped by two columns, days by drop_duplicates",
    "edges_pandas_one_key": "pandas, both ids packed into one integer",
    "edges_polars_distinct_days_streaming": "Polars, streaming, days by n_unique",
    "edges_polars_day_mask_streaming": "Polars, streaming, days as bits of a mask",
    "edges_polars_day_mask_in_memory": "Polars, in memory, days as bits of a mask",
    "edges_polars_action_codes_streaming": "Polars, streaming, mask, kind and direction as a code",
    "edges_polars_one_key_streaming": "Polars, streaming, mask, ids packed into one integer",
    "edges_polars_best_sorted": "the fastest of these of Polars, rows sorted by key as ours",
}
# Peers are compared within a run, in which machine and records are the same.
ONE_RUN = ("edges_", "whole_", "learners_", "scoring_")


@dataclass(frozen=True)
class Requirement:
    """One requirement: its words, what was reached, and whether that is enough.

    Attributes:
        words: what is asked.
        limit: the number asked for.
        unit: how a number is written.
        bound: "at least" or "at most".
        sources: results that it is worked out from.
        value: from these results, in their order.
    """

    words: str
    limit: float
    unit: str
    bound: str
    sources: tuple[str, ...]
    value: Callable[..., float]

    def row(self, results: Results) -> list[str]:
        """The requirement's line in the table."""
        asked = f"{self.bound} {self.unit.format(self.limit)}"
        missing = [name for name in self.sources if name not in results]
        if missing:
            return [self.words, asked, NOT_MEASURED, ""]
        found = [results[name] for name in self.sources]
        if self.sources[0].startswith(ONE_RUN) and not all(same_run(found[0], r) for r in found):
            return [self.words, asked, f"{NOT_MEASURED} in one run", ""]
        value = self.value(*found)
        met = value >= self.limit if self.bound == LEAST else value <= self.limit
        return [
            self.words,
            asked,
            self.unit.format(value) + busy_mark(found),
            "yes" if met else "no",
        ]


def million_rows_per_second(result: Result) -> float:
    """A result's rate."""
    return float(result["rows_per_second"] / 1e6)


def times_as_fast(one: Result, *others: Result) -> float:
    """How many times as fast one is as the fastest of the others."""
    return float(one["rows_per_second"] / max(o["rows_per_second"] for o in others))


def _memory(result: Result) -> float:
    return float(result["peak_memory_gb"])


def _seconds(result: Result) -> float:
    return float(result["seconds"])


def plain_seconds(plain: Result, ours: Result) -> dict[str, float]:
    """Seconds that each part of the plain way would take for our rows, stretched linearly."""
    return {part: us * ours["members"] / 1e6 for part, us in plain["us_a_row"].items()}


def plain_times(plain: Result, ours: Result) -> float:
    """How many times as fast ours is as the plain way, stretched to our rows."""
    return float(sum(plain_seconds(plain, ours).values()) / ours["seconds"])


def _rows_per_second(result: Result) -> float:
    return float(result["rows_per_second"])


_PANDAS = tuple(name for name in PEERS if name.startswith("edges_pandas"))
_POLARS = tuple(n for n in PEERS if n.startswith("edges_polars") and not n.endswith("_sorted"))
_MILLIONS, _TIMES, _GB = "{:.2f} million rows/s", "{:.2f} times", "{:.2f} GB"
_ROWS, _SECONDS = "{:,.0f} rows/s", "{:.1f} s"

REQUIREMENTS = (
    Requirement(
        "mart set, integer ids", 2.1, _MILLIONS, LEAST, ("marts_integers",), million_rows_per_second
    ),
    Requirement(
        "mart set, exact duplicates removed",
        1.5,
        _MILLIONS,
        LEAST,
        ("marts_duplicates_removed",),
        million_rows_per_second,
    ),
    Requirement(
        "mart set, string ids", 1.5, _MILLIONS, LEAST, ("marts_text_ids",), million_rows_per_second
    ),
    Requirement(
        "edges, times as fast as pandas",
        5.0,
        _TIMES,
        LEAST,
        ("edges_ours", *_PANDAS),
        times_as_fast,
    ),
    Requirement(
        "edges, times as fast as Polars",
        1.2,
        _TIMES,
        LEAST,
        ("edges_ours", *_POLARS),
        times_as_fast,
    ),
    Requirement(
        "mart set, times as fast as Spark",
        5.0,
        _TIMES,
        LEAST,
        ("whole_ours", "whole_spark"),
        times_as_fast,
    ),
    Requirement(
        "mart set, times as fast as one core of bandicoot",
        50.0,
        _TIMES,
        LEAST,
        ("whole_ours", "whole_bandicoot"),
        times_as_fast,
    ),
    Requirement("peak memory", 8.0, _GB, MOST, ("marts_integers",), _memory),
    Requirement("peak memory, ten times the rows", 8.0, _GB, MOST, ("marts_large",), _memory),
    Requirement(
        "rows/s at ten times the rows, over those at once",
        0.7,
        "{:.2f}",
        LEAST,
        ("marts_large", "marts_integers"),
        times_as_fast,
    ),
    Requirement(
        "seconds of a second month, over the first's",
        1.1,
        "{:.2f}",
        MOST,
        ("second_month",),
        lambda r: float(r["second_over_first"]),
    ),
    Requirement(
        "features of the cohort, with cohort and labels",
        60.0,
        "{:.1f} s",
        MOST,
        ("features",),
        lambda r: float(r["seconds"]),
    ),
    Requirement(
        "`churnlight fit`, 200,000 rows by 100 features",
        60.0,
        "{:.1f} s",
        MOST,
        ("learners_ours",),
        lambda r: float(r["seconds"]),
    ),
    Requirement(
        "`churnlight predict`", 100_000, _ROWS, LEAST, ("learners_ours",), _rows_per_second
    ),
    Requirement(
        "log loss on held-out rows, less scikit-learn's best",
        0.0,
        "{:+.5f}",
        MOST,
        ("learners_ours", "learners_sklearn_defaults", "learners_sklearn_early_stopping"),
        lambda ours, *others: float(ours["log_loss"] - min(o["log_loss"] for o in others)),
    ),
    Requirement("SHAP values", 10_000, _ROWS, LEAST, ("shap",), _rows_per_second),
    Requirement(
        "CDRs simulated, a month of a whole city",
        1.0,
        _MILLIONS,
        LEAST,
        ("demo_city",),
        million_rows_per_second,
    ),
    Requirement("peak memory of that", 4.0, _GB, MOST, ("demo_city",), _memory),
    Requirement("a whole city scored", 480.0, _SECONDS, MOST, ("scoring_city",), _seconds),
    Requirement(
        "of that the features",
        150.0,
        _SECONDS,
        MOST,
        ("scoring_city",),
        lambda r: float(r["seconds_by_part"]["features"]),
    ),
    Requirement("peak memory of scoring a city", 8.0, _GB, MOST, ("scoring_city",), _memory),
    Requirement("the city's VIPs scored", 60.0, _SECONDS, MOST, ("scoring_vips",), _seconds),
    Requirement(
        "seconds a subscriber of the whole city, over those of a small one",
        1.1,
        "{:.2f}",
        MOST,
        ("scoring_city", "scoring_small"),
        lambda city, small: float(city["us_a_row"] / small["us_a_row"]),
    ),
    Requirement(
        "scoring, times as fast as the plain way",
        1.0,
        _TIMES,
        LEAST,
        ("scoring_plain", "scoring_city"),
        plain_times,
    ),
    Requirement(
        "numbers into pseudonyms, the slowest kind of file",
        1.0,
        _MILLIONS,
        LEAST,
        ("pseudonymise",),
        lambda r: min(r["rows_per_second_by_kind"].values()) / 1e6,
    ),
)


def busy_mark(results: Iterable[Result]) -> str:
    """What a figure carries when one of its results was disturbed."""
    return BUSY_MARK if any(r["machine"]["was_busy"] for r in results) else ""


def same_run(one: Result, other: Result) -> bool:
    """Whether two results come from one run of the bench."""
    return bool(one["run"]["started"] == other["run"]["started"])
