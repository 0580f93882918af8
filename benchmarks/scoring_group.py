"""The group `scoring` of the bench: cities of three sizes, the VIPs, and the plain way."""

from __future__ import annotations

import logging
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from churnlight.files import write_json
from churnlight.paths import Project

if TYPE_CHECKING:
    from benchmarks.__main__ import Bench

LEAVES = 31
_GONE = 0.03  # of a city, who left within the window
log = logging.getLogger("benchmarks")


def scoring(bench: Bench) -> None:
    """Score a small, a middle and the whole city, its VIPs, and a sample in the plain way."""
    sizes = bench.sizes
    with tempfile.TemporaryDirectory(dir=bench.work) as folder:
        models = Path(folder) / "models"
        with _city(bench, sizes.scoring_small) as city:
            _run(bench, city, score=False)
            spec = {"project": city["project"], "learn_rows": sizes.scoring_learn_rows}
            spec |= {"trees": sizes.shap_trees, "leaves": LEAVES}
            bench.alone("benchmarks.scoring_model", spec)
            shutil.copytree(Project(Path(city["project"])).root / "models", models)
            _record(bench, "scoring_small", city)
        with _city(bench, sizes.scoring_plain, models) as city:
            _run(bench, city, score=False)
            asked = {"project": city["project"], "shap_rows": sizes.scoring_shap_rows}
            bench.record("scoring_plain", "benchmarks.scoring_plain", asked)
        with _city(bench, sizes.scoring_middle, models) as city:
            _record(bench, "scoring_middle", city)
        with _city(bench, sizes.subscribers, models) as city:
            _record(bench, "scoring_city", city)
            with bench.surviving("scoring_vips"):
                _record(bench, "scoring_vips", city, everyone=False)


@contextmanager
def _city(bench: Bench, size: int, models: Path | None = None) -> Iterator[dict[str, Any]]:
    """A city in which so many are on the books for the whole window, gone afterwards."""
    share = bench.sizes.members / bench.sizes.subscribers
    gone = round(size * _GONE)
    with tempfile.TemporaryDirectory(dir=bench.work) as project:
        members = bench.sizes.members if size == bench.sizes.subscribers else round(size * share)
        base = {"project": project, "subscribers": size + gone, "members": members, "gone": gone}
        log.info("generating marts of a city of %s", f"{size:,}")
        rows = bench.alone("benchmarks.base", base)["rows"]
        if models is not None:
            shutil.copytree(models, Path(project) / "models")
        yield base | {"rows": rows}


def _run(bench: Bench, city: dict[str, Any], **more: Any) -> dict[str, Any]:
    return bench.alone("benchmarks.scoring", _spec(city) | more)


def _spec(city: dict[str, Any], *, everyone: bool = True) -> dict[str, Any]:
    members = city["subscribers"] - city["gone"] if everyone else city["members"]
    spec = {"project": city["project"], "members": members, "everyone": everyone}
    return spec | {"score": True}


def _record(bench: Bench, name: str, city: dict[str, Any], *, everyone: bool = True) -> None:
    found = bench.record(name, "benchmarks.scoring", _spec(city, everyone=everyone))
    about = {"subscribers": city["subscribers"], "rows": city["rows"]}
    about |= {"trees": bench.sizes.shap_trees, "leaves": LEAVES}
    write_json(bench.results / f"{name}.json", found | {"city": about})
