"""report.html: a whole run on one self-contained page, to read, print or send.

Reads the manifests of whatever stages have run, their sidecars and photos; writes `report.html` beside them. The
page has no script and asks nothing of any network; its content security policy forbids both. Times come from the
sidecars, so the same manifests give the same bytes. Thumbnails are re-encoded: no metadata of a photo gets in.
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from jinja2 import Environment, PackageLoader, StrictUndefined

from curate.core import manifest
from curate.core.errors import StateError
from curate.core.intervals import percent
from curate.core.stages import STAGES
from curate.inspect.rows import read
from curate.report import duplicates, sections

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write_report(folder: Path, title: str) -> Path:
    """Write `report.html` into `folder` and return its path.

    Raises StateError when fetch has not run or a manifest is damaged, ResourceError when the disk refuses.
    """
    stages, warning = usable_stages(folder)
    sidecars = {stage: manifest.read_sidecar(folder, stage) for stage in stages}
    rows = read(folder, stages)
    context = {
        "title": title,
        "policy": POLICY,
        "warning": warning,
        "missing": [manifest.command(stage) for stage in STAGES if stage not in stages],
        "funnel": sections.funnel(stages, sidecars, rows),
        "rejected": sections.rejected(folder, stages, rows),
        "kept": sections.kept(folder, rows),
        "duplicates": duplicates.duplicates(folder, rows) if "dedup" in stages else None,
        "scores": sections.scores(folder, rows, sidecars["clean"]["config"]) if "clean" in stages else None,
        "split": sections.split(rows, sidecars["split"]["notes"]) if "split" in stages else None,
        "training": None,
        "manifests": [_manifest_facts(stage, sidecars[stage]) for stage in stages],
        "versions": versions(sidecars),
        "seeds": seeds(sidecars),
        "recipe": recorded_recipe(title, sidecars, sorted({row.class_name for row in rows.fetch.values()})),
        "commands": [manifest.command(stage) for stage in stages],
        "imported": bool(sidecars["fetch"]["notes"].get("imported")),
    }
    if "train_baseline" in stages:
        context["training"] = sections.training(folder, rows, sidecars["train_baseline"]["notes"])
    path = folder / "report.html"
    manifest.atomic_write(path, render(context).encode("utf-8", "replace"))
    return path


def usable_stages(folder: Path) -> tuple[list[str], str]:
    """The stages whose manifests describe the same photos, and a sentence about the first that does not."""
    stages: list[str] = []
    for stage in STAGES:
        there = manifest.csv_path(folder, stage).exists()
        if there and not (told := manifest.mismatch(folder, stage)):
            stages.append(stage)
        elif not stages:
            raise StateError(f"{folder} holds nothing to report", manifest.remedy(folder, "fetch"))
        elif there:
            return stages, f"{told}, so the report ends before it. Run curate {manifest.command(stage)} again."
        else:
            break
    return stages, ""


def render(context: Mapping[str, Any], template: str = "report.html.j2") -> str:
    """A page. Everything is escaped unless a chart made it."""
    environment = Environment(
        loader=PackageLoader("curate.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["percent"] = percent
    environment.filters["words"] = lambda name: str(name).replace("_", " ")
    environment.globals["unseen_label"] = sections.unseen_label
    return environment.get_template(template).render(context)


def _manifest_facts(stage: str, sidecar: Mapping[str, Any]) -> dict[str, Any]:
    started, finished = (datetime.fromisoformat(sidecar[name]) for name in ("started", "finished"))
    return {
        "stage": stage,
        "rows": sidecar["rows"],
        "sha256": sidecar["sha256"],
        "finished": f"{finished:%Y-%m-%d %H:%M} UTC",
        "seconds": max(0, round((finished - started).total_seconds())),
    }


def versions(sidecars: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, str, str]]:
    """(package or weights, version, stages that used it), sorted."""
    used: dict[tuple[str, str], list[str]] = {}
    for stage, sidecar in sidecars.items():
        for name, version in ({"curate": sidecar["curate"]} | sidecar["versions"]).items():
            used.setdefault((name, str(version)), []).append(manifest.command(stage))
    return [(name, version, ", ".join(by)) for (name, version), by in sorted(used.items())]


def seeds(sidecars: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, int]]:
    """(stage, seed) of every stage that draws lots."""
    return [
        (stage, sidecar["config"]["seed"]) for stage, sidecar in sidecars.items() if "seed" in sidecar["config"]
    ]


def recorded_recipe(title: str, sidecars: Mapping[str, Mapping[str, Any]], found: Sequence[str]) -> str:
    """The recipe this run was made with, options of the command line included, as YAML that `--recipe` takes.

    `found` are the classes of the photos, for a run that has not come to a stage that records its classes.
    """
    configs = {stage: sidecar["config"] for stage, sidecar in sidecars.items()}
    named = (config.get("class_names") for config in configs.values())
    recipe: dict[str, Any] = {
        "name": re.sub(r"[^A-Za-z0-9_-]+", "_", title).strip("_-")[:64] or "recorded",
        "classes": next((names for names in named if names), list(found)),
    }
    if not sidecars["fetch"]["notes"].get("imported"):
        recipe["source"] = configs["fetch"]
    recipe |= {stage: config for stage, config in configs.items() if stage != "fetch"}
    return yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True, width=100)
