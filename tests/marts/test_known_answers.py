"""bandicoot's hand-worked users A and B (../shared/data/bandicoot/manual), to its four decimals."""

import csv
import json
from pathlib import Path

import pytest
from marts_cases import build, record

from churnlight.timeline import Month

# What no mart column matches, by design.
DIFFERS = {
    "balance_of_contacts": "bandicoot divides by the events with all contacts, balance_mean by "
    "those with that contact; they agree where there is one contact",
    "number_of_antennas": "bandicoot keeps one antenna a half hour, cells_count counts every cell",
    "entropy_of_antennas": "mobility is no family of ours",
    "frequent_antennas": "mobility is no family of ours",
    "percent_at_home": "mobility is no family of ours",
    "interevent_time": "times between events need every event's order; the marts keep totals",
    "percent_initiated_conversations": "conversations need every event's order",
    "response_delay_text": "conversations need every event's order",
    "response_rate_text": "conversations need every event's order",
    "percent_pareto_durations": "pareto_contacts_share is of events, as the calling index is led "
    "by frequency",
    "amount_recharges": "recharges are the extract topups, not CDRs",
    "percent_pareto_recharges": "recharges are the extract topups, not CDRs",
    "number_of_recharges": "recharges are the extract topups, not CDRs",
}

# Each indicator that a mart column gives, or a quotient of two. `m` has the columns of usage and
# circle, built of calls only, of texts only, or of both, as the indicator is.
MATCHES = {
    ("active_days", "callandtext"): lambda m: m["active_days"],
    ("call_duration", "call"): lambda m: m["voice_s"] / m["voice_count"],
    ("entropy_of_contacts", "call"): lambda m: m["voice_entropy_nats"],
    ("entropy_of_contacts", "text"): lambda m: m["sms_entropy_nats"],
    ("interactions_per_contact", "call"): lambda m: m["voice_count"] / m["voice_contacts_count"],
    ("interactions_per_contact", "text"): lambda m: m["events_count"] / m["sms_contacts_count"],
    ("number_of_contacts", "call"): lambda m: m["voice_contacts_count"],
    ("number_of_contacts", "text"): lambda m: m["sms_contacts_count"],
    ("number_of_interactions", "call"): lambda m: m["voice_count"],
    ("number_of_interactions", "text"): lambda m: m["sms_in_count"] + m["sms_out_count"],
    ("percent_initiated_interactions", "call"): lambda m: m["out_share"],
    ("percent_nocturnal", "call"): lambda m: m["night_share"],
    ("percent_nocturnal", "text"): lambda m: m["night_share"],
    ("percent_pareto_interactions", "call"): lambda m: m["pareto_contacts_share"],
    ("percent_pareto_interactions", "text"): lambda m: m["pareto_contacts_share"],
}


@pytest.fixture(scope="module")
def manual(shared):
    return shared / "bandicoot" / "manual"


def records(manual, user):
    with (manual / f"{user}.csv").open() as stream:
        return [
            record(
                row["datetime"],
                kind="voice" if row["interaction"] == "call" else "sms",
                direction=row["direction"],
                who=user,
                whom=row["correspondent_id"],
                duration_s=int(row["call_duration"]) if row["call_duration"] else None,
                cell_id=row["antenna_id"],
            )
            for row in csv.DictReader(stream)
        ]


def answers(manual, user):
    """Indicator -> kind of interaction -> bandicoot's value (the mean where it has several)."""
    content = json.loads((manual / f"{user}.json").read_text())
    found = {}
    for indicator, weeks in content.items():
        value = weeks["allweek"]["allday"]
        for kind in ("call", "text", "callandtext"):
            if isinstance(value, dict) and kind in value:
                inner = value[kind]
                found[indicator, kind] = inner["mean"] if isinstance(inner, dict) else inner
        if not isinstance(value, dict) or "mean" in value:
            found[indicator, "all"] = value
    return found


@pytest.fixture(scope="module")
def marts(manual, duckdb_engine, tmp_path_factory):
    """(user, kind of interaction) -> the columns of its usage and circle."""
    kinds = {"call": ("voice",), "text": ("sms",), "callandtext": ("voice", "sms")}
    built = {}
    for user, month in (("A", Month(2014, 8)), ("B", Month(2014, 7))):
        for name, kept in kinds.items():
            rows = [r for r in records(manual, user) if r["kind"] in kept]
            _, tables = build(duckdb_engine, rows, month, tmp_path_factory.mktemp("bandicoot"))
            built[user, name] = tables["usage"][user] | tables["circle"][user]
    return built


@pytest.mark.parametrize("user", ["A", "B"])
def test_every_indicator_of_bandicoot_is_matched_or_differs_by_design(manual, user):
    asked = {indicator for indicator, _ in answers(manual, user)}
    assert asked <= {indicator for indicator, _ in MATCHES} | set(DIFFERS)


@pytest.mark.parametrize("user", ["A", "B"])
@pytest.mark.parametrize(("indicator", "kind"), MATCHES)
def test_the_marts_give_bandicoots_answers(manual, marts, user, indicator, kind):
    expected = answers(manual, user)[indicator, kind]
    assert MATCHES[indicator, kind](marts[user, kind]) == pytest.approx(expected, abs=6e-5)


def test_the_document_lists_what_differs():
    page = (Path(__file__).parents[2] / "docs" / "marts.md").read_text(encoding="utf-8")
    section = page.split("\n## Beside bandicoot\n")[1]
    assert [name for name in DIFFERS if f"`{name}`" not in section] == []


def test_where_we_differ_the_numbers_are_ours(marts):
    # A calls A (in) and B (out): 0/1 and 1/1; bandicoot has 0/2 and 1/2.
    assert marts["A", "call"]["balance_mean"] == pytest.approx((0 + 1) / 2)
    # B texts C (2 out, 1 in) and B (1 out, 1 in); bandicoot has 2/5 and 1/5.
    assert marts["B", "text"]["balance_mean"] == pytest.approx((2 / 3 + 1 / 2) / 2)
    # One contact: the same on both sides.
    assert marts["A", "text"]["balance_mean"] == pytest.approx(0.6)
    assert marts["B", "call"]["balance_mean"] == pytest.approx(0.5)
    assert marts["A", "callandtext"]["cells_count"] == 3
    assert marts["B", "callandtext"]["cells_count"] == 3
