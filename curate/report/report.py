"""report.html: a whole run on one self-contained page, to read, print or send.

Reads the manifests of whatever stages have run, their sidecars and photos; writes `report.html` beside them. The
page has no script and asks nothing of any network; its content security policy forbids both. Times come from the
sidecars, so the same manifests give the same bytes. Thumbnails are re-encoded: no metadata of a photo gets in.
"""

import dataclasses
import math
import shlex
from collections.abc import Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import yaml
from markupsafe import Markup

from curate.core import manifest, templates
from curate.core.errors import StateError
from curate.core.intervals import percent
from curate.core.schemas import FetchRow
from curate.core.section import name_from
from curate.core.stages import STAGES
from curate.inspect.rows import read
from curate.report import answers, duplicates, learning, origins, sections, splits
from curate.report.thumbnails import Figure, Section

POLICY = "default-src 'none'; img-src data:; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'"


def write_report(folder: Path, title: str) -> Path:
    """Write `report.html` into `folder` and return its path.

    Raises StateError when fetch has not run or a manifest is damaged, ResourceError when the disk refuses.
    """
    return write(folder, describe(folder, title))


def write(folder: Path, context: Mapping[str, Any]) -> Path:
    """Write the page of what `describe` found."""
    path = folder / "report.html"
    manifest.atomic_write(path, render(context).encode("utf-8", "replace"))
    return path


def describe(folder: Path, title: str) -> dict[str, Any]:
    """All that the page says, its photos included. Raises as `write_report`."""
    stages, warning = usable_stages(folder)
    sidecars = {stage: manifest.read_sidecar(folder, stage) for stage in stages}
    rows = read(folder, stages)
    names, last = sections.kept_photos(rows)
    parts: dict[str, Section | None] = {
        "duplicates": duplicates.duplicates(folder, rows) if "dedup" in stages else None,
        "scores": sections.scores(folder, rows, sidecars["clean"]) if "clean" in stages else None,
        "split": None,
        "training": None,
    }
    if "split" in stages:
        method = sidecars["dedup"]["config"].get("method", "hash")
        parts["split"] = splits.split(folder, rows, sidecars["split"]["notes"], method)
    if "train_baseline" in stages:
        parts["training"] = learning.training(folder, rows, sidecars["train_baseline"]["notes"])
    return {
        "title": title,
        "policy": POLICY,
        "warning": warning,
        "missing": [manifest.command(stage) for stage in STAGES if stage not in stages],
        "found": len(answers.photos(rows)),
        "answers": answers.answers(stages, sidecars, rows, names, parts),
        "funnel": sections.funnel(stages, sidecars, rows),
        "kept": sections.kept(folder, rows, names, last),
        "origins": origins.origins([rows.fetch[key] for key in names], names),
        "rejected": sections.rejected(folder, stages, rows),
        **parts,
        "audit": sections.audited(folder) if "split" in stages else [],
        "manifests": [_manifest_facts(stage, sidecars[stage]) for stage in stages],
        "versions": versions(sidecars),
        "seeds": seeds(sidecars),
        "recipe": recorded_recipe(title, sidecars, sorted({row.class_name for row in rows.fetch.values()})),
        "commands": [manifest.command(stage) for stage in stages],
        "imported": bool(sidecars["fetch"]["notes"].get("imported")),
        "import_options": _import_options(folder, sidecars["fetch"]["config"]),
    }


def numbers(value: Any) -> Any:
    """What `describe` found as plain data: without charts, photos and markup, dataclasses as mappings."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        value = {field.name: getattr(value, field.name) for field in dataclasses.fields(value)}
    if isinstance(value, Mapping):
        plain = {str(name): numbers(part) for name, part in value.items() if not _is_image(part)}
        return {name: part for name, part in plain.items() if name not in ("policy", "charts", "figures")}
    if isinstance(value, (list, tuple)):
        return [numbers(part) for part in value if not _is_image(part)]
    return None if isinstance(value, float) and not math.isfinite(value) else value


def _is_image(value: Any) -> bool:
    return isinstance(value, (Figure, Markup, FetchRow))


def usable_stages(folder: Path) -> tuple[list[str], str]:
    """The stages whose manifests describe the same photos, and a sentence about the first that does not."""
    stages: list[str] = []
    for stage in STAGES:
        there = manifest.csv_path(folder, stage).exists()
        if there and not (said := manifest.mismatch(folder, stage)):
            stages.append(stage)
        elif not stages:
            raise StateError(f"{folder} holds nothing to report", manifest.remedy(folder, "fetch"))
        elif there:
            return stages, f"{said}, so the report ends before {manifest.command(stage)}: that stage is stale."
        else:
            break
    return stages, ""


def render(context: Mapping[str, Any], template: str = "report.html.j2") -> str:
    """A page. Everything is escaped unless a chart made it."""
    environment = templates.of("curate.report")
    environment.filters["percent"] = percent
    environment.filters["words"] = lambda name: str(name).replace("_", " ")
    environment.globals["unseen_label"] = sections.unseen_label
    sources: dict[str, tuple[int, int, int]] = {}  # each photo once: its number, width and height

    def once(source: str, width: int, height: int) -> int:
        return sources.setdefault(source, (len(sources), width, height))[0]

    environment.globals.update(once=once, sources=sources)
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
        command = manifest.command(stage)
        for name, version in ({"curate": sidecar["curate"]} | sidecar["versions"]).items():
            shown = f"stage {command}" if name == manifest.STAGE_VERSION else name
            used.setdefault((shown, str(version)), []).append(command)
    return [(name, version, ", ".join(by)) for (name, version), by in sorted(used.items())]


def seeds(sidecars: Mapping[str, Mapping[str, Any]]) -> list[tuple[str, int]]:
    """(stage, seed) of every stage that draws lots."""
    return [
        (stage, sidecar["config"]["seed"]) for stage, sidecar in sidecars.items() if "seed" in sidecar["config"]
    ]


def _import_options(folder: Path, config: Mapping[str, Any]) -> str:
    """The options of `curate import` with which these photos came, as one types them."""
    group_by = f" --group-by {shlex.quote(config['group_by'])}" if config.get("group_by") else ""
    return group_by + (" --keep-split" if (folder / "given_split.csv").exists() else "")


def recorded_recipe(title: str, sidecars: Mapping[str, Mapping[str, Any]], found: Sequence[str]) -> str:
    """The recipe this run was made with, options of the command line included, as YAML that `--recipe` takes.

    `found` are the classes of the photos, for a run that has not come to a stage that records its classes.
    """
    configs = {stage: sidecar["config"] for stage, sidecar in sidecars.items()}
    named = (config.get("class_names") for config in configs.values())
    recipe: dict[str, Any] = {
        "name": name_from(title) or "recorded",
        "classes": next((names for names in named if names), list(found)),
    }
    if not sidecars["fetch"]["notes"].get("imported"):
        recipe["source"] = configs["fetch"]
    elif "photos" in configs["fetch"]:
        recipe["photos"] = configs["fetch"]["photos"]
    recipe |= {stage: config for stage, config in configs.items() if stage != "fetch"}
    return yaml.safe_dump(recipe, sort_keys=False, allow_unicode=True, width=100)
