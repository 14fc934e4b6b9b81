"""Night after night on a site that changes: only what is new is asked for, nothing is lost, decisions stay."""

import json
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from curate.core import manifest
from curate.core.errors import GateError, Note, UsageError
from curate.core.recipe import Recipe
from curate.core.schemas import FetchRow
from curate.fetch import stage as fetch
from curate.fetch.known import Only
from curate.pipeline import Said, fetch_photos
from tests import faults
from tests.fetch.small_site import jpeg, source
from tests.fetch.test_stage import car, html, photos
from tests.wording import refused


def index(*numbers: int) -> faults.Fault:
    items = [{"@type": "ListItem", "url": f"/l/{n}"} for n in numbers]
    return html({"@type": "ItemList", "itemListElement": items})


def ad(number: int, price: int = 100, **more: object) -> faults.Fault:
    images = [f"/{number}.jpg", f"/{number}{number}.jpg"]
    return html(car(number, images, name=f"Swift {number}", offers={"price": price}, **more))


def site(*numbers: int) -> dict[str, Any]:
    photos = {f"/{name}.jpg": faults.ok(jpeg(name)) for n in numbers for name in (n, 11 * n)}
    return {"/cars": index(*numbers), **{f"/l/{n}": ad(n) for n in numbers}, **photos}


def test_two_nights_on_a_site_that_changes(tmp_path: Path) -> None:
    routes = site(1, 2, 3)
    routes["/33.jpg"] = faults.status(404)
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], revisit_after="never")
        first = fetch.run(tmp_path, config)
        stored = sorted(tmp_path.glob("images/*/*"))
        since = len(server.seen)
        routes |= site(4) | {"/cars": index(2, 3, 4), "/l/2": ad(2, price=1)}  # 1 is sold, 2 is cheaper, 4 is new
        second = fetch.run(tmp_path, config, refresh=True)
        asked = Counter(seen.path for seen in server.seen[since:])
        assert asked == Counter(["/robots.txt", "/cars", "/l/4", "/4.jpg", "/44.jpg"])
        again = len(server.seen)
        assert fetch.run(tmp_path, config) == second and len(server.seen) == again
    assert (
        "new since the last fetch: 2 photos of 1 listing"
        in manifest.read_sidecar(tmp_path, "fetch")["notes"]["summary"]
    )
    by_key = {row.key: row for row in second}
    for row in first:
        now = by_key[row.key]
        assert (now.path, now.keep, now.reason, now.price) == (row.path, row.keep, row.reason, row.price)
        assert now.gone_since == (2 if row.listing_id == "1" else None)
    assert {row.listing_id for row in second if row.key not in {row.key for row in first}} == {"4"}
    assert {*stored} < {*tmp_path.glob("images/*/*")}
    lines = [json.loads(line) for line in (tmp_path / "log.jsonl").read_text().splitlines()]
    ends = [line for line in lines if line["event"] == "end"]
    assert [(end["exit_code"], end["counts"]) for end in ends] == [
        (0, {"page: ok": 4, "photo: gone": 2, "photo: ok": 5}), (0, {"page: ok": 2, "photo: ok": 2}),
    ]  # fmt: skip


def test_a_page_of_age_is_asked_for_with_what_it_said_of_itself(tmp_path: Path) -> None:
    routes = site(1)
    page = routes["/l/1"]

    def changed(sock: Any) -> bool:
        body = json.dumps(car(1, ["/1.jpg", "/11.jpg"], name="Swift 1"))
        text = f'<script type="application/ld+json">{body}</script></html>'.encode()
        head = f'HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nETag: "v1"\r\nContent-Length: {len(text)}\r\n\r\n'
        sock.sendall(head.encode() + text)
        return True

    routes["/l/1"] = [changed, faults.status(304), page]
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"])
        first = fetch.run(tmp_path, config)
        assert fetch.run(tmp_path, config, refresh=True) == first  # 304: the manifest knows it
        priced = fetch.run(tmp_path, config, refresh=True)
        said = [seen.headers.get("if-none-match") for seen in server.seen if seen.path == "/l/1"]
        assert said == [None, '"v1"', '"v1"']
        assert [row.price for row in priced] == [100.0, 100.0]
        asked = len(server.seen)
        week = source(server.url(""), ["/cars"], revisit_after="1w")
        assert fetch.run(tmp_path, week, refresh=True) == priced
        assert "/l/1" not in [seen.path for seen in server.seen[asked:]]
    assert len({row.path for row in priced}) == 2


def test_so_many_new_listings_a_night_and_the_rest_the_next(tmp_path: Path) -> None:
    with faults.serve(site(1, 2, 3, 4, 5)) as server:
        config = source(server.url(""), ["/cars"], revisit_after="never")
        found = []
        for only in (Only(most_new=2), Only(most_new=2), Only(), Only()):
            found.append({row.listing_id for row in fetch.run(tmp_path, config, only=only)})
            said = manifest.read_sidecar(tmp_path, "fetch")["notes"]
        assert found == [{"1", "2"}, {"1", "2", "3", "4"}, {"1", "2", "3", "4", "5"}, {"1", "2", "3", "4", "5"}]
        assert said["left_for_the_next"] == 0
        assert max(Counter(server.paths()[1:])["/l/" + str(n)] for n in range(1, 6)) == 1
    assert all(row.gone_since is None for row in manifest.read(tmp_path, FetchRow))


def test_a_fetch_with_options_warns_of_lost_photos_too(tmp_path: Path) -> None:
    said: list[Said] = []
    with faults.serve(site(1, 2)) as server:
        config = source(server.url(""), ["/cars"])
        rows = fetch.run(tmp_path, config)
        (tmp_path / rows[0].path).unlink()
        recipe = Recipe(name="site", classes=("swift", "alto")).model_copy(update={"source": config})
        fetch_photos(recipe, tmp_path, said.append, retry=["too_small"])
    (warning,) = (each for each in said if isinstance(each, Note))
    assert warning.text.startswith(
        f"1 photo file is missing, damaged or unreadable since fetch, e.g. {rows[0].path}"
    )


@pytest.mark.parametrize("since", ["2026-02-01", "20260201", "2026-W05-7"])
def test_only_listings_put_in_since_a_date(tmp_path: Path, since: str) -> None:
    routes = site(1, 2, 3)
    for number, day in ((1, "2026-01-05"), (2, "2026-02-07")):
        routes[f"/l/{number}"] = ad(number, datePosted=day)
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], revisit_after="never")
        rows = fetch.run(tmp_path, config, only=Only(since=since))
        assert {row.listing_id for row in rows} == {"2", "3"}  # of 3 nothing is known
        said = manifest.read_sidecar(tmp_path, "fetch")["notes"]["summary"]
        assert "1 new listing was put in before 2026-02-01 and not added (--since)" in said
        (undated,) = (line for line in said if "no date" in line)
        assert undated.startswith("1 new listing says no date and was added in spite of --since")
        assert "/1.jpg" not in server.paths()
        with pytest.raises(UsageError, match="--since soon is no date"):
            fetch.run(tmp_path, config, only=Only(since="soon"))


def test_what_since_left_out_stays_out_when_the_next_fetch_asks_for_what_waits(tmp_path: Path) -> None:
    routes = site(1, 2)
    routes |= {"/l/1": ad(1, datePosted="2026-01-05"), "/l/2": ad(2, datePosted="2026-02-07")}
    sound, routes["/22.jpg"] = routes["/22.jpg"], faults.status(503)
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], revisit_after="never")
        rows = fetch.run(tmp_path, config, only=Only(since="2026-02-01"))
        assert Counter(row.reason for row in rows) == {"": 1, "deferred": 1}
        routes["/22.jpg"] = sound
        (tmp_path / "hosts.json").unlink(missing_ok=True)
        rows = fetch.run(tmp_path, config)
        assert [(row.listing_id, row.keep) for row in rows] == [("2", True)] * 2
        assert {row.listing_id for row in fetch.run(tmp_path, config, refresh=True)} == {"1", "2"}


@pytest.mark.parametrize("dead", ["photos", "page", "no photos"])
def test_listings_that_give_nothing_use_up_no_nights(tmp_path: Path, dead: str) -> None:
    routes = site(1, 2, 3, 4, 5)
    for n in (1, 2, 4):
        if dead == "photos":
            routes |= {f"/{n}.jpg": faults.status(404), f"/{11 * n}.jpg": faults.status(404)}
        else:
            routes[f"/l/{n}"] = faults.status(404) if dead == "page" else html(car(n, [], offers={"price": 7}))
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], revisit_after="never", adapter="jsonld")
        kept, left = [], []
        for _ in range(4):
            rows = fetch.run(tmp_path, config, only=Only(most_new=2))
            kept.append({row.listing_id for row in rows if row.keep})
            left.append(manifest.read_sidecar(tmp_path, "fetch")["notes"]["left_for_the_next"])
        assert (kept, left) == ([set(), {"3"}, {"3", "5"}, {"3", "5"}], [3, 1, 0, 0])
        fetch.run(tmp_path, config, only=Only(most_new=0))
        notes = manifest.read_sidecar(tmp_path, "fetch")["notes"]
        assert notes["left_for_the_next"] == 0 and not any("--max-new" in line for line in notes["summary"])


def test_so_many_new_listings_also_where_they_have_no_page_of_their_own(tmp_path: Path) -> None:
    with faults.serve({"/cars": html(*(car(n) for n in (1, 2, 3))), **photos(1, 2, 3)}) as server:
        config = source(server.url(""), ["/cars"])
        counts = [len(fetch.run(tmp_path, config, only=Only(most_new=1))) for _ in range(4)]
    assert counts == [1, 2, 3, 3]


@pytest.mark.parametrize("status", [404, 410])
def test_a_photo_that_is_gone_is_not_asked_for_at_each_refresh(tmp_path: Path, status: int) -> None:
    """Its page is read again, and shows it; only another address, or `--retry gone`, is a reason to ask."""
    routes = site(1, 2) | {"/22.jpg": faults.status(status)}
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], revisit_after="always")
        first = fetch.run(tmp_path, config)
        assert fetch.run(tmp_path, config, refresh=True) == first
        asked = Counter(server.paths())
        assert asked["/l/2"] == 2 and asked["/22.jpg"] == 2  # the second time at the end of the first run
        routes |= {"/l/2": html(car(2, ["/2.jpg", "/22-new.jpg"])), "/22-new.jpg": faults.ok(jpeg(22))}
        moved = fetch.run(tmp_path, config, refresh=True)
        assert [row.image_url.rpartition("/")[2] for row in moved if row.keep and row.listing_id == "2"] == (
            ["2.jpg", "22-new.jpg"]
        )
        assert Counter(server.paths())["/22.jpg"] == 2
        routes |= {"/l/2": ad(2), "/22.jpg": faults.ok(jpeg(22))}
        fetch.run(tmp_path, config, refresh=True)  # it is shown there again, and was not known to be gone
        assert Counter(server.paths())["/22.jpg"] == 3


def test_a_dead_photo_is_asked_for_once_at_each_address_and_again_by_retry(tmp_path: Path) -> None:
    whole, shown = "/p/2.jpg", "/p/2.jpg;s=780x0"  # the page shows the second, which is a smaller one of the first
    routes = site(1) | {"/cars": index(1, 2), "/l/2": html(car(2, ["/1.jpg", shown]))}
    with faults.serve(routes | {path: faults.status(404) for path in (whole, shown)}) as server:
        config = source(server.url(""), ["/cars"], revisit_after="always")
        for refresh in (False, True):
            fetch.run(tmp_path, config, refresh=refresh)
            assert [Counter(server.paths())[path] for path in (whole, shown)] == [1, 1]
        fetch.run(tmp_path, config, retry=["gone"])
        assert [Counter(server.paths())[path] for path in (whole, shown)] == [2, 2]


def test_a_night_of_photos_that_are_refused_for_another_reason_is_not_published(tmp_path: Path) -> None:
    routes = site(1, 2, 3) | {path: faults.status(403) for path in ("/1.jpg", "/11.jpg")}
    with faults.serve(routes) as server, pytest.raises(GateError, match="no photo of swift was kept"):
        fetch.run(tmp_path, source(server.url(""), ["/cars"]), only=Only(most_new=1))


def test_the_night_after_a_drop_reads_the_site_anew_and_who_accepts_it_does_not(tmp_path: Path) -> None:
    routes = site(1, 2, 3)
    with faults.serve(routes) as server:
        config = source(server.url(""), ["/cars"], revisit_after="never")
        first = fetch.run(tmp_path, config)
        whole, routes["/cars"] = routes["/cars"], index(2)
        with refused(
            GateError, match="1 listings, 3 the last time.*to read the site once more, run `curate fetch "
        ):
            fetch.run(tmp_path, config, refresh=True)
        routes["/cars"] = whole
        assert fetch.run(tmp_path, config, refresh=True) == first
        routes["/cars"] = index(3)
        with pytest.raises(GateError):
            fetch.run(tmp_path, config, refresh=True)
        asked = len(server.seen)
        rows = fetch.run(tmp_path, config, refresh=True, accept_drop=True)
        assert len(server.seen) == asked  # what was read is what is accepted
        assert {row.listing_id for row in rows if row.gone_since is None} == {"3"}
    assert not (tmp_path / "fetch.journal").exists()
