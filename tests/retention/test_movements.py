"""Movements between two scored months: counted by hand, exact in any order, only looking back."""

from __future__ import annotations

import json
from datetime import date
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from churnlight.errors import UsageError
from churnlight.params.data import TimeParams
from churnlight.params.whole import parse
from churnlight.paths import Project
from churnlight.report.html import templates
from churnlight.report.view_movements import movements_view
from churnlight.report.words import LANGUAGES, Words
from churnlight.retention.loading import scored_before
from churnlight.retention.movements import ScoredMonth, movements, steps
from churnlight.timeline import moment

TIERS = ("blue", "green", "yellow", "red", "white")
THEN, NOW = "2025-12-01", "2026-01-01"

# subscriber, tier, bill, value at risk, left before the cutoff
BEFORE = (
    ("A", "blue", 100.0, 1.00, False),  # rises two: to yellow
    ("B", "blue", 100.0, 2.00, False),  # rises four, but leaves before the cutoff of NOW
    ("C", "green", 50.0, 5.00, False),  # rises one
    ("D", "red", 80.0, 40.00, False),  # falls three
    ("E", "red", 80.0, 40.10, False),  # falls one
    ("F", "yellow", 90.0, 20.20, False),  # stays
    ("G", "yellow", None, None, False),  # stays, without a bill
    ("H", "white", 70.0, 60.00, True),  # gone
    ("I", "white", 70.0, 63.00, False),  # gone
    ("J", "green", 60.0, 6.00, False),  # the id is handed on
)
AFTER = (
    ("A", "yellow", 110.0, 22.01, False),
    ("B", "white", 100.0, 90.00, True),
    ("C", "yellow", 55.0, 11.02, False),
    ("D", "blue", 80.0, 1.50, False),
    ("E", "yellow", 80.0, 16.00, False),
    ("F", "yellow", 90.0, 21.00, False),
    ("G", "yellow", None, None, False),
    ("J", "red", 95.0, 40.00, False),
    ("K", "green", 120.0, 12.00, False),  # new
)


def frame(rows) -> pd.DataFrame:
    columns = ["subscriber_id", "tier", "monthly_bill_money", "value_at_risk_money"]
    made = pd.DataFrame(rows, columns=[*columns, "left_before_cutoff"])
    return made.astype(dict.fromkeys(columns[2:], float))


def since(scores: pd.DataFrame) -> pd.Series:
    new = {"J": date(2025, 12, 20), "K": date(2025, 8, 1)}
    return scores["subscriber_id"].map(lambda s: new.get(s, date(2019, 1, 1)))


def both(before=BEFORE, after=AFTER, **changes):
    then, now = frame(before), frame(after)
    return movements(
        ScoredMonth(changes.pop("now", NOW), now, "m1"),
        ScoredMonth(changes.pop("then", THEN), then, changes.pop("mark", "m1")),
        TIERS,
        since(now),
        called=("yellow", "red", "white"),
        **changes,
    )


def money(total) -> tuple:
    return tuple(total[key] for key in total if key.endswith("_money"))


def test_who_moved_by_hand() -> None:
    content = both().content
    moved = content["moved"]
    assert {key: total["subscribers"] for key, total in moved.items()} == {
        "rose": 3, "rose_two": 2, "rose_one": 1, "same": 2, "fell": 2, "fell_one": 1,
        "fell_two": 1, "new": 2, "gone": 3, "not_comparable": 0,
    }  # fmt: skip
    # A and B: bills now, at risk now, at risk then.
    assert money(moved["rose_two"]) == (210.0, 112.01, 3.0)
    assert money(moved["rose"]) == (265.0, 123.03, 8.0)
    assert money(moved["same"]) == (90.0, 21.0, 20.2), "G has no bill"
    assert money(moved["new"]) == (215.0, 52.0, None), "J has the number of somebody else"
    assert money(moved["gone"]) == (200.0, 129.0, 129.0), "of the month before"
    assert content["risen_on_list"] == 1, "B has left since as_of"
    assert (content["subscribers"], content["subscribers_before"]) == (9, 10)
    assert (content["before"], content["months_between"]) == (THEN, 1)


def test_the_matrix_by_hand() -> None:
    matrix = {row["from"]: row for row in both().content["matrix"]}
    assert list(matrix) == [*TIERS, "new"]
    cells = {
        (was, cell["to"]): cell for was, row in matrix.items() for cell in row["cells"]
    }  # fmt: skip
    there = {pair: cell["subscribers"] for pair, cell in cells.items() if cell["subscribers"]}
    assert there == {
        ("blue", "yellow"): 1, ("blue", "white"): 1, ("green", "yellow"): 1, ("green", "gone"): 1,
        ("yellow", "yellow"): 2, ("red", "blue"): 1, ("red", "yellow"): 1, ("white", "gone"): 2,
        ("new", "green"): 1, ("new", "red"): 1,
    }  # fmt: skip
    assert cells["blue", "yellow"]["share"] == 0.5
    assert money(cells["red", "yellow"]) == (80.0, 16.0, 40.1)
    assert money(cells["white", "gone"]) == (140.0, 123.0, 123.0)
    assert money(cells["blue", "red"]) == (None, None, None)


def test_the_table_is_the_matrix_in_long_form_and_sorted(tmp_path) -> None:
    found = both()
    found.write(tmp_path)
    table = pd.read_parquet(tmp_path / "movements.parquet")
    assert json.loads((tmp_path / "movements.json").read_text()) == found.content
    keys = ["from_tier", "to_tier", "movement"]
    assert table[keys].to_numpy().tolist() == sorted(table[keys].to_numpy().tolist())
    assert not table.duplicated(keys).any()
    assert set(table["as_of"]) == {NOW}
    assert set(table["as_of_before"]) == {THEN}
    told = table.set_index(keys)
    assert told.loc[("white", "gone", "gone_left_books"), "subscribers"] == 1
    assert told.loc[("white", "gone", "gone_unknown"), "value_at_risk_money"] == 63.0
    assert told.loc[("white", "gone", "gone_unknown"), "share"] == 0.5
    assert told.loc[("blue", "white", "rose_two"), "value_at_risk_before_money"] == 2.0
    assert table["subscribers"].sum() == 9 + 3


def test_why_somebody_is_gone_only_as_far_as_it_is_handed_in() -> None:
    def why(on_books):
        gone = both(on_books=on_books).content["gone"]
        return {key: total["subscribers"] for key, total in gone.items()}

    # H was seen leaving before the cutoff of the month before; of the others nothing is known.
    # J's number is on the books, but it is somebody else's: that, too, only a snapshot tells.
    assert why(None) == {"left_books": 1, "below_rules": 0, "unknown": 2}
    books = pd.DataFrame(
        {
            "subscriber_id": ["I", "J", "Z"],
            "activated_on": [date(2019, 1, 1), date(2025, 12, 20), date(2019, 1, 1)],
        }
    )
    assert why(books) == {"left_books": 2, "below_rules": 1, "unknown": 0}


def test_rows_in_any_order_give_the_same_bytes(tmp_path) -> None:
    draws = np.random.default_rng(5)
    count = 3000
    rows = [
        (i, TIERS[a], float(bill), float(bill * p), False)
        for i, a, bill, p in zip(
            range(count), draws.integers(0, 5, count), draws.gamma(4, 30, count),
            draws.random(count), strict=True,
        )
    ]  # fmt: skip
    told = []
    for number in range(2):
        then = frame(rows).sample(frac=1, random_state=number)
        now = frame(rows[500:]).assign(tier=[TIERS[i % 5] for i in range(count - 500)])
        now = now.sample(frac=1, random_state=number + 7)
        activated = pd.Series([date(2019, 1, 1)] * len(now), index=now.index)
        found = movements(ScoredMonth(NOW, now), ScoredMonth(THEN, then), TIERS, activated)
        folder = tmp_path / str(number)
        folder.mkdir()
        found.write(folder)
        told.append([(folder / n).read_bytes() for n in ("movements.json", "movements.parquet")])
    assert told[0] == told[1]
    exact = sum(Fraction(round(row[2] * 100), 100) for row in rows[:500])
    gone = json.loads(told[0][0])["moved"]["gone"]
    assert gone["monthly_bill_money"] == float(exact)


tier_of = st.dictionaries(st.integers(0, 30), st.sampled_from(TIERS), max_size=25)


@settings(deadline=None, max_examples=40)
@given(tier_of, tier_of, st.sets(st.integers(0, 30)))
def test_nobody_is_lost_or_counted_twice(before, after, handed_on) -> None:
    then = frame([(s, t, 1.0, 0.5, False) for s, t in before.items()])
    now = frame([(s, t, 1.0, 0.5, False) for s, t in after.items()])
    activated = pd.Series(
        [date(2025, 12, 9) if s in handed_on else date(2010, 1, 1) for s in after], dtype=object
    )
    months = ScoredMonth(NOW, now), ScoredMonth(THEN, then)
    found = movements(*months, TIERS, activated)
    table, moved = found.table, found.content["moved"]
    gone, new = table["to_tier"] == "gone", table["from_tier"] == "new"
    assert table.loc[~gone, "subscribers"].sum() == len(after)
    assert table.loc[~new, "subscribers"].sum() == len(before)
    stayed = set(before) & set(after) - handed_on
    assert table.loc[~gone & ~new, "subscribers"].sum() == len(stayed)
    assert moved["new"]["subscribers"] == len(set(after) - stayed)
    for share in table.groupby("from_tier")["share"].sum():
        assert share == pytest.approx(1.0)
    risen = steps(*months, TIERS, activated)
    rank = TIERS.index
    expected = [rank(t) - rank(before[s]) if s in stayed else 0 for s, t in after.items()]
    assert risen.tolist() == expected
    assert moved["rose_two"]["subscribers"] == sum(step >= 2 for step in expected)


def test_only_what_is_earlier_can_be_the_month_before() -> None:
    for then in (NOW, "2026-02-01"):
        with pytest.raises(UsageError, match="expected an earlier as_of"):
            both(then=then)
        months = ScoredMonth(NOW, frame(AFTER)), ScoredMonth(then, frame(BEFORE))
        with pytest.raises(UsageError, match="nothing after as_of"):
            steps(*months, TIERS, since(frame(AFTER)))


def test_the_month_before_is_the_newest_earlier_one_whatever_is_there_later(tmp_path) -> None:
    project, at = Project(tmp_path), moment(NOW, TimeParams())
    assert scored_before(project, at) is None
    for as_of in ("2025-09-01", "2025-11-01", NOW, "2026-02-01", "2026-03-01"):
        project.scores(as_of).mkdir(parents=True)
        frame(BEFORE).assign(tier=as_of).to_parquet(project.scores(as_of) / "scores.parquet")
    read = scored_before(project, at)
    assert read is not None
    assert (read.as_of, set(read.scores["tier"]), read.mark) == ("2025-11-01", {"2025-11-01"}, None)
    both().write(project.scores("2025-11-01"))
    marked = scored_before(project, at)
    assert marked is not None
    assert marked.mark == "m1"


def test_tiers_that_are_none_any_more_neither_rise_nor_fall() -> None:
    before = [("A", "old", 1.0, 0.1, False), ("C", "blue", 1.0, 0.1, False)]
    content = both(before).content
    assert content["tiers_before"] == [*TIERS, "old"]
    assert content["moved"]["not_comparable"]["subscribers"] == 1
    assert content["moved"]["rose_two"]["subscribers"] == 1, "C: blue to yellow"
    assert movements_view(content, Words("en"))["matrix"]["rows"][0]["name"] == "old"


@pytest.mark.parametrize("name", ["new", "gone"])
def test_a_tier_may_not_be_called_as_a_movement(name) -> None:
    with pytest.raises(UsageError, match=f"tiers.names holds {name}"):
        movements(ScoredMonth(NOW, frame(AFTER)), None, ("blue", name), since(frame(AFTER)))
    own = {"tiers": {"names": ["blue", name], "shares": [0.9, 0.1]}, "handout": {"tiers": ["blue"]}}
    with pytest.raises(UsageError, match=f"tiers.names holds {name}"):
        parse(own, source="params.yaml")


# --- in words ---


def shown(found, language="en") -> str:
    template = templates("churnlight.report").from_string(
        '{% from "section_movements.html" import movements %}{{ movements(v, w, l) }}'
    )
    words = Words(language)
    return template.render(v=movements_view(found.content, words), w=words, l=language)


def test_a_sentence_comes_first_and_says_what_to_do() -> None:
    view = movements_view(both().content, Words("en"))
    assert view["sentences"] == [
        "Since 2025-12-01, 3 subscribers rose to a higher tier, 2 fell to a lower one and 2 "
        "stayed.",
        "With those who rose 123 a month is at risk now, 8 then.",
        "2 rose two tiers or more. 1 of them stand on top of the call list, marked ▲: call them "
        "first.",
    ]
    assert view["remarks"] == []
    summary = {row["name"]: (row["count"], *row["money"]) for row in view["summary"]["rows"]}
    assert summary["Rose two tiers or more"] == ("2", "210", "3", "112")
    assert summary["Gone: left the books"] == ("1", "70", "60", "–")
    assert "Not comparable" not in summary


def test_the_section_shows_every_cell_in_falling_risk() -> None:
    page = shown(both())
    matrix = page.split('<table class="tiers matrix">')[1]
    body = matrix.split("<tbody>")[1].split("</tbody>")[0]
    rows = [row for row in body.split("<tr>") if "<th" in row]
    chips = ["white", "red", "yellow", "green", "blue"]
    assert [next(c for c in chips if f">{c}<" in row) for row in rows[:5]] == chips
    assert "new" in rows[5]
    blue = rows[4].split("<td")[1:]
    assert "▲" in blue[0], "blue to white"
    assert "50.0%" in blue[0]
    assert 'class="n same"' in "<td" + blue[4]
    chinese = shown(both(), "zh")
    assert 'id="movements-zh"' in chinese
    assert "3 个用户升档" in chinese


def test_too_few_are_not_shown_nor_what_would_give_them_away() -> None:
    content = both().content
    # Ten times as many: the same cells of 10 and 20, and one of 200 beside each of the yellow's.
    for row in content["matrix"]:
        for cell in row["cells"]:
            cell["subscribers"] *= 10
        if row["from"] == "yellow":
            row["cells"][-1]["subscribers"] = row["cells"][0]["subscribers"] = 200
        row["subscribers"] = sum(cell["subscribers"] for cell in row["cells"])
    view = movements_view(content, Words("en", 20))
    found = {
        row["name"]: [cell["count"] for cell in row["cells"]] for row in view["matrix"]["rows"]
    }
    few, hidden, none = "fewer than 20", "not shown", "–"
    # In falling risk, gone last. Each row's hidden cells are two at least and 20 together.
    assert found["blue"] == [few, none, few, none, none, none]
    assert found["green"] == [none, none, few, none, none, few]
    assert found["red"] == [none, none, few, none, few, none]
    # 20 are gone from white; with green's 10 gone 30 are hidden in that column: white's go too.
    assert found["white"][-1] == hidden
    assert found["new"][:5] == [none, few, none, few, none]
    assert found["yellow"][-1] == "200"
    cells = [cell for row in view["matrix"]["rows"] for cell in row["cells"]]
    assert {(c["share"], c["money"]) for c in cells if c["count"] in (few, hidden)} == {
        (None, None)
    }
    page = templates("churnlight.report").from_string(
        '{% from "section_movements.html" import movements %}{{ movements(v, w, l) }}'
    )
    assert few in page.render(v=view, w=Words("en", 20), l="en")
    assert "privacy.min_group" in view["note"]
    told = movements_view(both().content, Words("en", 20))
    assert told["sentences"][-1] == (
        "Fewer than 20 rose two tiers or more. Fewer than 20 of them stand on top of the call "
        "list, marked ▲: call them first."
    )
    assert "123" not in " ".join(told["sentences"]), "money of too few"
    assert {row["count"] for row in told["summary"]["rows"]} == {"fewer than 20", "0"}


def test_what_to_be_careful_with_is_said() -> None:
    def remarks(**changes):
        return " ".join(movements_view(both(**changes).content, Words("en"))["remarks"])

    assert "tiers of different models, or of different cuts (m0 then, m1 now)" in remarks(mark="m0")
    assert "Which model scored 2025-12-01 is not on record" in remarks(mark=None)
    assert "2 months back" in remarks(then="2025-11-01")
    assert "different models" not in remarks()


def test_what_the_margin_holds_is_counted() -> None:
    now = frame(AFTER)
    plain = now["tier"].replace({"yellow": "green"}).mask(now["subscriber_id"] == "D", "white")
    months = ScoredMonth(NOW, now.assign(tier_plain=plain), "m1"), ScoredMonth(THEN, frame(BEFORE))
    content = movements(*months, TIERS, since(now)).content
    assert content["held"] == {"higher": 5, "lower": 1}
    assert "holds 5 subscribers in a higher tier and 1 in a lower one" in " ".join(
        movements_view(content, Words("en"))["remarks"]
    )
    assert both().content["held"] is None


def test_a_first_month_says_that_there_is_nothing_to_compare(tmp_path) -> None:
    found = movements(ScoredMonth(NOW, frame(AFTER), "m1"), None, TIERS, since(frame(AFTER)))
    assert found.content["before"] is None
    assert found.content["mark"] == "m1"
    found.write(tmp_path)
    empty = pd.read_parquet(tmp_path / "movements.parquet")
    assert len(empty) == 0
    assert empty.dtypes.astype(str).tolist() == both().table.dtypes.astype(str).tolist()
    for language in LANGUAGES:
        assert NOW in shown(found, language)
        assert "<table" not in shown(found, language)
