"""Stage inventory: which files the extracts consist of, by hash.

Everything later depends on these small files and not on the folder, so that a new month reruns that
month alone.
"""

from __future__ import annotations

from churnlight import files
from churnlight.errors import UsageError
from churnlight.inventory import is_simulated, write_inventory
from churnlight.params.whole import load
from churnlight.stages.stage import log, main, running
from churnlight.suppression import keep_copy, project_list


def inventory() -> None:
    """Write data/inventory/<extract>/month=YYYY-MM.json, reference.json, source.json.

    And the list of who is to be forgotten, so that all that reads extracts depends on it.
    """
    with running("inventory") as stage:
        # The first stage holds the whole file to its models, so that a typo stops here.
        params = load(stage.project.params_file)
        months = params.extracts.month_list
        if not months:
            raise UsageError(
                "params.yaml: extracts.months is empty: `churnlight use DIR` fills it in"
            )
        with files.atomic_folder(stage.project.inventory) as out:
            links = params.extracts.follow_links
            write_inventory(stage.extracts, months, out, follow_links=links)
            files.write_json(out / "source.json", {"simulated": is_simulated(stage.extracts)})
            keep_copy(out, project_list(stage.project))
        log.info("  %d months, %s to %s", len(months), months[0], months[-1])


if __name__ == "__main__":
    main(inventory)
