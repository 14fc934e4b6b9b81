"""How a dataset was made, in the words of PROV-O (W3C, 2013): a stage is an activity, a manifest an entity."""

from typing import Any

from curate.export.release import STAGES, Release

CONTEXT = {"prov": "http://www.w3.org/ns/prov#", "xsd": "http://www.w3.org/2001/XMLSchema#"}


def activities(release: Release) -> list[dict[str, Any]]:
    """One activity per stage, in order, each with what it used, what it made and by which software."""
    return [_activity(stage, release.sidecars[stage]) for stage in STAGES]


def _activity(stage: str, sidecar: dict[str, Any]) -> dict[str, Any]:
    return {
        "@id": f"activity/{stage}",
        "@type": "prov:Activity",
        "prov:label": stage,
        "prov:startedAtTime": {"@type": "xsd:dateTime", "@value": sidecar["started"]},
        "prov:endedAtTime": {"@type": "xsd:dateTime", "@value": sidecar["finished"]},
        "prov:used": [_entity(name, digest) for name, digest in sorted(sidecar["inputs"].items())],
        "prov:generated": _entity(f"{stage}.csv", sidecar["sha256"]),
        "prov:wasAssociatedWith": [
            {"@type": ["prov:Agent", "prov:SoftwareAgent"], "prov:label": f"{name} {number}"}
            for name, number in sorted({**sidecar["versions"], "curate": sidecar["curate"]}.items())
        ],
    }


def _entity(name: str, digest: str) -> dict[str, Any]:
    return {
        "@id": f"entity/{name}/{digest[:16]}",
        "@type": "prov:Entity",
        "prov:label": name,
        "prov:value": digest,
    }
