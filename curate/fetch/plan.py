"""What a fetch has to do, by the manifest and the journal that are there; what is left when it is published."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from curate.core import manifest
from curate.core.files import crash_point
from curate.core.recipe import Source
from curate.core.schemas import FetchRow
from curate.core.stages import STAGES
from curate.fetch import ownership, starts
from curate.fetch.journal import JOURNAL, read_header, renew
from curate.fetch.known import Only
from curate.photos import store

_ASKS = "asks"  # in the header of a journal whose run read all and met a gate: a refresh reads the site anew


@dataclass(frozen=True, slots=True)
class Plan:
    """What a run has to do."""

    round: Literal["nothing", "retry", "deferred", "all"]  # to ask for: photos of `again`, what waits, everything
    before: list[FetchRow]  # the manifest that is there
    current: bool  # is it of this recipe?
    again: list[FetchRow]  # its rows to ask for once more
    only: Only
    wanted: manifest.Provenance
    header: dict[str, str]  # of the journal
    notes: Mapping[str, Any]  # of the manifest that is there; empty where it is not of this recipe


def plan_of(
    folder: Path, config: Source, refresh: bool, accept_drop: bool, retry: Collection[str], only: Only
) -> Plan:
    """What to do in `folder`; what a run that died after it had published left there is cleared away.

    A run that only goes on with what waits adds no listing that `--since` kept out of the run before.
    """
    wanted = manifest.provenance(folder, "fetch", config)  # libraries may change, photos keep their bytes
    before, published = ownership.rows(folder)
    current = manifest.is_current(folder, wanted)
    journaled = read_header(folder / JOURNAL)
    settings = config.recorded().model_dump_json(exclude_defaults=True)
    header = {"replaces": published, "pages": f"{STAGES['fetch'].version} {settings}"}
    if current and journaled and journaled.get("replaces") != published:
        finish(folder, before, header)
    again = [row for row in before if row.reason in retry]
    notes = manifest.read_sidecar(folder, "fetch")["notes"] if current else {}
    left = notes.get("left_for_the_next", 0)
    deferred = any(row.reason == "deferred" for row in before)
    everything = not current or refresh or bool(left) or only != Only() or bool(again and deferred)
    read_then = notes.get("address_files", {})  # a file of addresses may have more of them now
    everything = everything or any(read_then.get(at, now) != now for at, now in starts.digests(config).items())
    everything = everything or any(not row.image_url for row in again)
    header["round"] = "deferred" if deferred and not everything else "all"
    if only == Only() and not refresh and (left or deferred):
        only = Only(since=str(notes.get("since", "")))
    if journaled and _ASKS in journaled and (accept_drop or not refresh):
        header[_ASKS] = journaled[_ASKS]
    asked: Literal["nothing", "retry", "deferred", "all"] = "retry" if again else "nothing"
    asked = "all" if everything else "deferred" if deferred else asked
    return Plan(asked, before, current, again, only, wanted, header, notes)


def stop(folder: Path, plan: Plan) -> None:
    """What follows a gate that is closed: what was read counts when a person opens it, but not for a refresh."""
    renew(folder / JOURNAL, plan.header | {_ASKS: "a person"})


def finish(folder: Path, rows: Sequence[FetchRow], header: dict[str, str]) -> None:
    """What follows the publication of a manifest: nothing is left behind that no row names.

    The journal stays where something is deferred, for the next fetch to ask for just that.
    """
    crash_point("between_manifest_and_orphans")
    store.remove_orphans(folder, {row.path for row in rows})
    path, header = folder / JOURNAL, {name: value for name, value in header.items() if name != _ASKS}
    if any(row.reason == "deferred" for row in rows):
        renew(path, header | {"replaces": ownership.rows(folder)[1], "round": "deferred"})
    else:
        path.unlink(missing_ok=True)
