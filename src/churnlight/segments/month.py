"""One month: everyone's segment, the segments' profiles, and the services that go with them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import ibis.expr.types as ir
import numpy as np
import pandas as pd

from churnlight.engine import Engine
from churnlight.errors import DataRefused
from churnlight.files import atomic_file, read_json, require_file, write_json
from churnlight.identity import ID
from churnlight.learners.dataset import IntArray
from churnlight.params.segments import SegmentsParams
from churnlight.segments import matching, names, profile
from churnlight.segments.encoding import known_share
from churnlight.segments.model import SegmentModel, fit, named, recoded
from churnlight.segments.services import (
    OFFER_COLUMNS,
    Preference,
    had_by,
    hit_rates,
    hits,
    match_content,
    prefer,
    taken_up,
)
from churnlight.timeline import Moment, Month, TimeRules, moment

SEGMENTS_FILE, SERVICES_FILE, CONTENT_FILE = "segments.parquet", "services.parquet", "segments.json"
SEGMENT_COLUMNS = (ID, "segment")


@dataclass(frozen=True)
class Before:
    """What an earlier month left.

    Attributes:
        at: its as_of.
        model: its model of segments.
        segments: subscriber_id and segment.
        offers: subscriber_id, rank, service_id, level; None without services.
        popular: the most popular services then.
    """

    at: Moment
    model: SegmentModel
    segments: pd.DataFrame
    offers: pd.DataFrame | None = None
    popular: tuple[Any, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """An earlier as_of whose labels are known, for the segments' churn rates.

    Attributes:
        as_of: which.
        features: its feature table.
        labels: subscriber_id and churned (null: no label), about any of them.
    """

    as_of: str
    features: pd.DataFrame
    labels: pd.DataFrame


@dataclass(frozen=True)
class Given:
    """What may be there besides the features.

    Attributes:
        engine, services: where it runs, and kept rows of the extract `services`: of the window's
            months, and of the month before it, for the hit rate of the month before. None: none.
        before: the month before; None: segments are made for the first time.
        outcome: see `Outcome`.
    """

    engine: Engine | None = None
    services: ir.Table | None = None
    before: Before | None = None
    outcome: Outcome | None = None


@dataclass(frozen=True)
class MonthSegments:
    """What a month gives.

    Attributes:
        segments: subscriber_id and segment (code), sorted by subscriber.
        services: subscriber_id, rank, service_id, level, sorted by subscriber and rank; None where
            there is no extract `services`.
        content: segments.json, the model among it; docs/segments.md says what stands there.
    """

    segments: pd.DataFrame
    services: pd.DataFrame | None
    content: Mapping[str, Any]


@dataclass(frozen=True)
class _Placed:
    """Everyone's segment, and where the model came from."""

    model: SegmentModel
    place: IntArray
    why: str
    matched: Mapping[str, str] = field(default_factory=dict)
    preclusters: int | None = None

    def table(self, ids: pd.Series) -> pd.DataFrame:
        codes = np.array(self.model.codes, dtype=object)[self.place]
        table = pd.DataFrame({ID: ids.to_numpy(), "segment": codes})
        return table.sort_values(ID, ignore_index=True)


def segment_month(
    features: pd.DataFrame, at: Moment, params: SegmentsParams, given: Given | None = None
) -> MonthSegments:
    """Put a cohort into segments, describe them, and pick services for everyone.

    With a month before, its model is used as it is until it is `segments.refit_months` old or the
    parameters ask for other features; a new model takes over the codes of the segments that it
    finds again. Without one, segments are made from this month.

    Args:
        features: subscriber_id (unique) and features of the cohort at the as_of; columns may be
            absent. The order of the rows makes no difference.
        at: the as_of.
        params: the section `segments`.
        given: see `Given`.

    Raises:
        DataRefused: for an empty cohort, subscribers named twice, or features that tell nobody
            apart.
        UsageError: when the parameters name a feature that there is not.
    """
    given = given or Given()
    _hold_cohort(features, at)
    placed = _place(features, at, params, given.before)
    table = placed.table(features[ID])
    services = _services(table, at, params, given)
    count = len(placed.model.segments)
    traits = profile.traits_of(features, placed.model.encoding, placed.place, count)
    sizes = profile.shares_of(placed.place, count)
    churn = _churn(placed.model, given.outcome)
    entries = [
        {
            "code": segment.code,
            "name_en": segment.name_en,
            "name_zh": segment.name_zh,
            **sizes[v],
            **profile.profile_of(traits[v]),
            "churn": None if churn is None else churn[v],
            "services": []
            if services is None
            else match_content(services.match, segment.code, params.keep_services),
        }
        for v, segment in enumerate(placed.model.segments)
    ]
    content = {
        "as_of": at.key,
        "subscribers": len(table),
        **_origin(placed, features),
        "segments": entries,
        "churn_as_of": None if given.outcome is None else given.outcome.as_of,
        "before": _moved(placed, table, given.before),
        "services": _service_content(services, table, at, given),
        "model": placed.model.content(),
    }
    return MonthSegments(table, None if services is None else services.offers, content)


def save_month(found: MonthSegments, folder: Path) -> None:
    """Write segments.parquet, services.parquet (where there is one) and segments.json."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, table, columns in (
        (SEGMENTS_FILE, found.segments, SEGMENT_COLUMNS),
        (SERVICES_FILE, found.services, OFFER_COLUMNS),
    ):
        if table is not None:
            with atomic_file(folder / name) as part:
                table[list(columns)].to_parquet(part, index=False)
    write_json(folder / CONTENT_FILE, found.content)


def load_month(folder: Path, time: TimeRules) -> Before:
    """Read what `save_month` wrote, as the month before another.

    Raises:
        UsageError: when a file is missing or damaged, or of another version.
    """
    content: Mapping[str, Any] = read_json(folder / CONTENT_FILE)
    offers = folder / SERVICES_FILE
    return Before(
        at=moment(content["as_of"], time),
        model=SegmentModel.of(content["model"], CONTENT_FILE),
        segments=pd.read_parquet(require_file(folder / SEGMENTS_FILE, "segments")),
        offers=pd.read_parquet(offers) if offers.exists() else None,
        popular=tuple(content["services"]["popular"]),
    )


def _hold_cohort(features: pd.DataFrame, at: Moment) -> None:
    if len(features) == 0:
        raise DataRefused(f"no segments at as_of {at.key}: the cohort is empty")
    if twice := int(features[ID].duplicated().sum()):
        raise DataRefused(
            f"{twice} of {len(features)} rows of features at as_of {at.key} are about a subscriber "
            "that another row is about: `dvc repro -f features` makes them anew"
        )


def _place(
    features: pd.DataFrame, at: Moment, params: SegmentsParams, before: Before | None
) -> _Placed:
    why = _why_anew(at, params, before)
    if before is not None and why is None:
        _hold_features(before.model, features, at)
        return _Placed(before.model, before.model.place(features), "frozen")
    fitted = fit(features, at.key, params)
    model, matched = fitted.model, {}
    if before is not None:
        table = _Placed(model, fitted.place, "").table(features[ID])
        old = before.model.codes
        counts = matching.overlap(matching.compared(table, before.segments), model.codes, old)
        found = matching.match(counts, params.match_overlap)
        codes, last = matching.taken_over(found, old, before.model.last_number)
        matched = {c: old[p] for c, p in zip(codes, found, strict=True) if p is not None}
        model = recoded(model, codes, last)
    traits = profile.traits_of(features, model.encoding, fitted.place, len(model.segments))
    model = named(model, names.suggest(traits, params.name_from))
    return _Placed(model, fitted.place, why or "first", matched, fitted.preclusters)


def _why_anew(at: Moment, params: SegmentsParams, before: Before | None) -> str | None:
    """Why segments are made anew: first, parameters or age; None: the old model goes on."""
    if before is None:
        return "first"
    model = before.model
    asked = {*model.encoding.names, *model.left_out}
    if asked != set(params.features) or model.weight != params.category_weight:
        return "parameters"
    made = Month.parse(model.as_of[:7])
    return "age" if at.month >= made + params.refit_months else None


def _hold_features(model: SegmentModel, features: pd.DataFrame, at: Moment) -> None:
    if not set(model.encoding.names) & set(features.columns):
        raise DataRefused(
            f"features of as_of {at.key} have none of the {len(model.encoding.names)} columns by "
            f"which the segments of {model.as_of} are told apart: make the segments anew (without "
            "the month before)"
        )


def _origin(placed: _Placed, features: pd.DataFrame) -> dict[str, Any]:
    model = placed.model
    shares = known_share(model.encoding.read(features))
    return {
        "model_as_of": model.as_of,
        "made": placed.why,
        "features": list(model.encoding.names),
        "left_out": dict(model.left_out),
        "known_share": {
            name: round(float(share), 6)
            for name, share in zip(model.encoding.names, shares, strict=True)
        },
        "preclusters": placed.preclusters,
        "path": [dict(entry) for entry in model.path],
    }


def _churn(model: SegmentModel, outcome: Outcome | None) -> list[dict[str, Any]] | None:
    if outcome is None:
        return None
    labels = outcome.labels[[ID, "churned"]].drop_duplicates(ID).set_index(ID)["churned"]
    churned = labels.reindex(outcome.features[ID]).to_numpy(dtype=object, na_value=None)
    return profile.churn_rates(model.place(outcome.features), churned, len(model.segments))


def _moved(placed: _Placed, table: pd.DataFrame, before: Before | None) -> dict[str, Any] | None:
    if before is None:
        return None
    both = matching.compared(table, before.segments)
    codes, old = set(placed.model.codes), set(before.model.codes)
    return {
        "as_of": before.at.key,
        **matching.stability(both),
        "matched": sorted(codes & old) if placed.why == "frozen" else sorted(placed.matched),
        "new": sorted(codes - old),
        "gone": sorted(old - codes),
    }


def _services(
    table: pd.DataFrame, at: Moment, params: SegmentsParams, given: Given
) -> Preference | None:
    if given.engine is None or given.services is None:
        return None
    return prefer(table, had_by(given.engine, given.services, at), params)


def _service_content(
    services: Preference | None, table: pd.DataFrame, at: Moment, given: Given
) -> dict[str, Any]:
    if services is None:
        return {"left_out": "no_services", "popular": [], "hit_rate": None}
    with_offer = services.offers[ID].nunique()
    return {
        "left_out": None,
        "popular": [getattr(s, "item", lambda s=s: s)() for s in services.popular],
        "with_offer_share": round(with_offer / len(table), 6),
        "hit_rate": _hit_rate(at, given),
    }


def _hit_rate(at: Moment, given: Given) -> dict[str, Any] | None:
    """How the month before's offers did in the month that followed; None where it can't be said."""
    before = given.before
    if before is None or before.offers is None or given.engine is None or given.services is None:
        return None
    taken = taken_up(given.engine, given.services, before.at, at)
    if taken is None:
        return None
    found = hits(taken, before.segments, before.offers, before.popular)
    return {"as_of": before.at.key, "month": str(before.at.month), **hit_rates(found)}
