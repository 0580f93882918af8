"""`churnlight forget --published`: one subscriber's rows out of every published month."""

from __future__ import annotations

import pytest
from publish_world import PEOPLE, Base, send, write

from churnlight.errors import UsageError
from churnlight.paths import Project
from churnlight.publish import parse_target
from churnlight.publish.erasing import erase


@pytest.mark.slow
def test_one_is_gone_from_all_months_and_the_others_stay(project: Project, base: Base) -> None:
    for as_of in ("2025-12-01", "2026-01-01"):
        write(project, as_of=as_of)
        send(project, base.target(), as_of)
    gone = erase(base.target(), "102")
    assert (gone["scores"], gone["reasons"]) == (2, 6)
    for table in gone:
        query = f"select distinct subscriber_id from churnlight.churnlight_{table}"  # noqa: S608
        who = base.rows(query)
        assert 102 not in {row[0] for row in who}
    left = base.rows("select as_of::text, subscriber_id from churnlight.churnlight_scores")
    others = {p[0] for p in PEOPLE} - {102}
    assert sorted(left) == sorted((a, i) for a in ("2025-12-01", "2026-01-01") for i in others)
    assert set(erase(base.target(), "102").values()) == {0}
    # Nobody else's id begins or ends with it.
    assert set(erase(base.target(), "10").values()) == {0}


def test_files_are_nobodys_to_find() -> None:
    with pytest.raises(UsageError, match="--published takes postgresql"):
        erase(parse_target("scores.csv"), "102")
