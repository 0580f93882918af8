"""The registry's alias `champion`: who holds it, the gate, and moving it by hand.

What stands in MLflow: the alias; on the registered model the tag `churnlight.champions` (all
champions in their order, the last one is the present) and `churnlight.rolled_back`; on each
version's run what it learned from and what the gate said of it.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import pandas as pd

from churnlight import gate, tracking
from churnlight.assess.resampling import compare
from churnlight.errors import ChurnlightError, UsageError
from churnlight.learners.dataset import AnyArray, BoolArray, FloatArray
from churnlight.params.judging import EvaluateParams, GateParams
from churnlight.timeline import Moment

LABELS_KNOWN_AT = "churnlight.labels_known_at"
TEST_AS_OF = "churnlight.as_ofs.test"
MODEL_HASHES = ("churnlight.sha256.model", "churnlight.sha256.tiers")
_CHAMPIONS, _ROLLED_BACK = "churnlight.champions", "churnlight.rolled_back"
_GATE = "churnlight.gate."
_AT_ONCE = 1000
_COMPARED = ("pr_auc", "roc_auc", "brier", "ece")

log = logging.getLogger("churnlight")


@dataclass(frozen=True)
class Challenger:
    """A registered version with what it says of the test cohort.

    Attributes:
        learner: "tree" or "gbm".
        version: in the registry.
        run_id: of its run.
        probability: of each row of the test cohort, shape (rows,).
    """

    learner: str
    version: str
    run_id: str
    probability: FloatArray


@dataclass(frozen=True)
class TestCohort:
    """The newest test cohort: what both models are held to.

    Attributes:
        at: its as_of.
        frame: the feature table, one row a member that is measured.
        churned: their label, shape (rows,).
        account: their group for the resamples, shape (rows,).
    """

    at: Moment
    frame: pd.DataFrame
    churned: BoolArray
    account: AnyArray


def settle(
    root: Path,
    model_name: str,
    challenger: Challenger,
    test: TestCohort,
    params: tuple[GateParams, EvaluateParams],
) -> dict[str, Any]:
    """Hold the challenger to the gate, move the alias if it passes, and log what was decided.

    Args:
        root: the project's folder, for the default store.
        model_name: registered model.
        challenger: the new version.
        test: the test cohort.
        params: sections `gate` and `evaluate`.

    Returns:
        The decision, as data/tracking/gate.json holds it.

    Raises:
        ChurnlightError: when the store can't be reached or refuses.
    """
    with tracking.opened(root) as client:
        champion = _champion(client, model_name)
        figures: dict[str, Any] = {}
        decision = gate.without_comparison(challenger.version, champion, test.at)
        if decision is None and champion is not None:
            try:
                figures = _figures(model_name, challenger, champion.version, test, params[1])
                decision = gate.decide(figures, champion, test.at, params[0])
            except ChurnlightError as error:
                decision = gate.not_compared(str(error))
        # There is a champion, or it needs no comparison.
        assert decision is not None  # noqa: S101  # nosec B101
        content: dict[str, Any] = {
            "test_as_of": test.at.key,
            "challenger": {"learner": challenger.learner, "version": challenger.version},
            "champion": champion.version if champion else None,
            "outcome": decision.outcome,
            "reasons": list(decision.reasons),
            "challenger_minus_champion": figures,
        }
        if decision.outcome != "champion":
            _tag_run(client, challenger.run_id, content)
        content["attempts"] = _attempts(client, challenger.run_id, test.at.key)
        client.set_tag(challenger.run_id, f"{_GATE}attempts", content["attempts"])
        if decision.promote:
            _crown(client, model_name, challenger.version)
    log.info("  gate: %s: %s", decision.outcome, "; ".join(decision.reasons))
    return content


def show(root: Path, model_name: str) -> dict[str, Any]:
    """Who is champion, what the gate said of it, and who was before.

    Raises:
        UsageError: when there is no champion yet.
        ChurnlightError: when the store can't be reached or refuses.
    """
    with tracking.opened(root) as client:
        found = _version_of(client, model_name)
        if found is None:
            raise UsageError(f"no version of {model_name} is champion yet: `churnlight run` first")
        run = client.get_run(found.run_id)
        tags = run.data.tags
        return {
            "model": model_name,
            "version": str(found.version),
            "learner": tags.get("churnlight.learner"),
            "run_id": found.run_id,
            "test_as_of": tags.get(TEST_AS_OF),
            "labels_known_at": tags.get(LABELS_KNOWN_AT),
            "metrics": {
                name: run.data.metrics[name] for name in _COMPARED if name in run.data.metrics
            },
            "gate": _gate_of(tags),
            "champions": _listed(client, model_name, _CHAMPIONS),
        }


def promote(root: Path, model_name: str, version: str) -> dict[str, Any]:
    """Make a version champion by hand.

    Raises:
        UsageError: when there is no such version, or it is champion already; names those there are.
        ChurnlightError: when the store can't be reached or refuses.
    """
    with tracking.opened(root) as client:
        versions = {
            str(v.version): v for v in client.search_model_versions(f"name = '{model_name}'")
        }
        if version not in versions:
            there = ", ".join(sorted(versions, key=int)) or "none"
            raise UsageError(f"{model_name} has no version {version!r}; there are: {there}")
        before = _version_of(client, model_name)
        if before is not None and str(before.version) == version:
            raise UsageError(f"version {version} of {model_name} is champion already")
        client.set_tag(versions[version].run_id, f"{_GATE}by_hand", "promoted")
        back = [v for v in _listed(client, model_name, _ROLLED_BACK) if v != version]
        client.set_registered_model_tag(model_name, _ROLLED_BACK, ",".join(back))
        _crown(client, model_name, version)
    return {"champion": version, "before": str(before.version) if before else None}


def rollback(root: Path, model_name: str) -> dict[str, Any]:
    """Give the alias back to the champion before; the gate won't promote this one again.

    Raises:
        UsageError: when there was no champion before.
        ChurnlightError: when the store can't be reached or refuses.
    """
    with tracking.opened(root) as client:
        champions = _listed(client, model_name, _CHAMPIONS)
        if len(champions) < 2:
            raise UsageError(f"{model_name} has had no champion before this one: nothing to go to")
        *kept, taken = champions
        back = [*_listed(client, model_name, _ROLLED_BACK), taken]
        client.set_registered_model_tag(model_name, _ROLLED_BACK, ",".join(dict.fromkeys(back)))
        client.set_registered_model_tag(model_name, _CHAMPIONS, ",".join(kept))
        client.set_registered_model_alias(model_name, tracking.CHAMPION, kept[-1])
    return {"champion": kept[-1], "before": taken}


def _champion(client: Any, model_name: str) -> gate.Champion | None:
    found = _version_of(client, model_name)
    if found is None:
        return None
    tags = client.get_run(found.run_id).data.tags
    known = tags.get(LABELS_KNOWN_AT)
    return gate.Champion(
        version=str(found.version),
        test_as_of=tags.get(TEST_AS_OF),
        labels_known_at=datetime.fromisoformat(known) if known else None,
        rolled_back=frozenset(_listed(client, model_name, _ROLLED_BACK)),
    )


def _version_of(client: Any, model_name: str) -> Any:
    """The version that holds the alias, or None."""
    models = client.search_registered_models(filter_string=f"name = '{model_name}'")
    if not models or tracking.CHAMPION not in models[0].aliases:
        return None
    return client.get_model_version(model_name, models[0].aliases[tracking.CHAMPION])


def _figures(
    model_name: str,
    challenger: Challenger,
    champion: str,
    test: TestCohort,
    params: EvaluateParams,
) -> dict[str, Any]:
    predicted = tracking.predict_registered(model_name, champion, test.frame)
    scores = {
        "challenger": challenger.probability,
        "champion": predicted["probability"].to_numpy(dtype="float64"),
    }
    found = compare(scores, test.churned, test.account, params).difference("challenger", "champion")
    return {name: found[name] for name in _COMPARED}


def _tag_run(client: Any, run_id: str, content: Mapping[str, Any]) -> None:
    for name in ("test_as_of", "outcome", "champion"):
        client.set_tag(run_id, f"{_GATE}{name}", content[name] or "none")
    client.set_tag(run_id, f"{_GATE}reasons", "; ".join(content["reasons"]))
    figures = json.dumps(content["challenger_minus_champion"], sort_keys=True)
    client.set_tag(run_id, f"{_GATE}challenger_minus_champion", figures)


def _gate_of(tags: Mapping[str, str]) -> dict[str, str]:
    return {k.removeprefix(_GATE): v for k, v in sorted(tags.items()) if k.startswith(_GATE)}


def _attempts(client: Any, run_id: str, test_as_of: str) -> int:
    """How many different models the gate has judged on this test as_of, this one too.

    The same model logged again (another report, say) is no new attempt.
    """
    experiment = client.get_run(run_id).info.experiment_id
    judged = f"tags.`{_GATE}test_as_of` = '{test_as_of}'"
    tried, token = set(), None
    while True:
        runs = client.search_runs([experiment], judged, max_results=_AT_ONCE, page_token=token)
        tried |= {tuple(run.data.tags.get(name) for name in MODEL_HASHES) for run in runs}
        token = runs.token
        if not token:
            return len(tried)


def _crown(client: Any, model_name: str, version: str) -> None:
    champions = [*_listed(client, model_name, _CHAMPIONS), version]
    client.set_registered_model_tag(model_name, _CHAMPIONS, ",".join(champions))
    client.set_registered_model_alias(model_name, tracking.CHAMPION, version)


def _listed(client: Any, model_name: str, tag: str) -> list[str]:
    models = client.search_registered_models(filter_string=f"name = '{model_name}'")
    text = models[0].tags.get(tag, "") if models else ""
    return [version for version in text.split(",") if version]
