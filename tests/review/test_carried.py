"""Decisions hold when the addresses of photos change: by key where only a signature does, else by the file."""

import socket
from pathlib import Path
from typing import Any

import pytest

from curate.core import manifest
from curate.core.recipe import Dedup
from curate.core.schemas import FetchRow
from curate.dedup import stage as dedup
from curate.fetch import stage as fetch
from curate.review import decisions
from tests import faults
from tests.fetch.small_site import jpeg, source
from tests.fetch.test_stage import car, html


class Renamed:
    """Two listings with a photo each; `query` is the end of the photos' addresses."""

    def __init__(self, query: str) -> None:
        self.query = query

    def index(self, sock: socket.socket) -> bool:
        return html([car(n, [f"/{n}.jpg?{self.query}"]) for n in (1, 2)])(sock)

    def routes(self, *queries: str) -> dict[str, Any]:
        photos = {f"/{n}.jpg?{query}": faults.ok(jpeg(n)) for n in (1, 2) for query in queries}
        return {"/cars": self.index, **photos}


@pytest.mark.parametrize(
    ("before", "after", "kept_keys"),
    [
        ("Expires=1&Signature=a&Key-Pair-Id=K", "Expires=2&Signature=b&Key-Pair-Id=K", True),
        ("token=a", "token=b", False),  # who can know that it does not name the photo?
    ],
    ids=["signature", "unknown parameter"],
)
def test_a_decision_holds_after_a_refresh_with_other_addresses(
    tmp_path: Path, before: str, after: str, kept_keys: bool
) -> None:
    site = Renamed(before)
    with faults.serve(site.routes(before, after)) as server:
        config = source(server.url(""), ["/cars"])
        rows = fetch.run(tmp_path, config)
        key = next(row.key for row in rows if row.listing_id == "1")
        (tmp_path / "review.csv").write_text(f"key,decision\n{key},reject\n")
        site.query = after
        fetch.run(tmp_path, config, refresh=True)
    fetched = {row.key: row for row in manifest.read(tmp_path, FetchRow)}
    assert (len(fetched) == 2) == kept_keys
    unique = dedup.run(tmp_path, Dedup())
    review = decisions.of_keepers(decisions.load(tmp_path / "review.csv", ("swift",)), unique)
    (kept,) = [row for row in unique if row.keep and fetched[row.key].sha256 == fetched[key].sha256]
    assert {name: decision.keep for name, decision in review.decisions.items()} == {kept.key: False}
