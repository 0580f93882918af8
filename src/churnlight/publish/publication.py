"""What is said of a published month beside its rows."""

from __future__ import annotations

from typing import Any

from churnlight.publish.partition import Partition


def publication_of(partition: Partition) -> dict[str, Any]:
    """As_of, model and counts: columns of the table of publications, keys of publication.json."""
    model = partition.model
    return {
        "as_of": partition.as_of,
        "model_version": model.version,
        "cutoff": partition.cutoff,
        "model_name": model.name,
        "registry_version": model.registry_version,
        "learner": model.learner,
        "model_sha256": model.sha256,
        "simulated": partition.simulated,
        "scores_count": partition.scores_count,
        "reasons_count": partition.reasons_count,
        "call_list_count": partition.call_list_count,
    }
