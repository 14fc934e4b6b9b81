"""The page of `curate review` in a real Chromium, by keyboard and mouse."""

import itertools
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from curate.core import manifest
from curate.core.schemas import CleanRow
from curate.pipeline import find_recipe, import_photos, run_stages
from curate.review import decisions
from tests import folders, painted_run
from tests.review.serving import CHROMIUM, FLAGS, Served, build, served

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

sync_api = pytest.importorskip("playwright.sync_api", reason="playwright is not installed")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="there is no Chromium on this machine")
CLASSES = ("hatch", "sedan")


@pytest.fixture(scope="module")
def browser() -> "Iterator[Browser]":
    with sync_api.sync_playwright() as playwright:
        launched = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield launched
        launched.close()


@pytest.fixture
def page(browser: "Browser") -> "Iterator[Page]":
    context = browser.new_context(viewport={"width": 1280, "height": 860})
    page = context.new_page()
    page.set_default_timeout(20_000)
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda said: wrong.append(said.text) if "Security Policy" in said.text else None)
    yield page
    context.close()
    assert wrong == []


def begin(page: "Page", server: Served, selector: str = "#photo") -> None:
    page.goto(server.url)
    page.wait_for_selector(selector)


def shown(page: "Page") -> str:
    return page.locator("section.one").get_attribute("data-key") or ""


def press(page: "Page", *keys: str) -> None:
    for key in keys:
        page.keyboard.press(key)


def count(page: "Page", text: str) -> None:
    sync_api.expect(page.locator("#count")).to_have_text(re.compile(f"^{re.escape(text)}"))


def saved(page: "Page") -> None:
    sync_api.expect(page.locator("#saved")).to_have_text("saved")


def test_twenty_by_keyboard_then_reload_undo_and_a_killed_server(page: "Page", tmp_path: Path) -> None:
    build(tmp_path, n=40)
    port = 0
    with served(tmp_path, kill=True) as server:
        port = server.port
        begin(page, server)
        first = shown(page)
        keys = itertools.cycle(["a", "2", "x1", "xx", "a"])
        for _ in range(20):
            press(page, *next(keys))
        count(page, "20 of 40")
        saved(page)
        rows, torn = decisions.read(tmp_path / "review.csv", CLASSES)
        assert (len(rows), torn) == (20, "")
        assert [row.decision for row in rows[:5]] == ["keep", "keep", "reject", "reject", "keep"]
        assert [rows[1].class_name, rows[2].reason, rows[3].reason] == ["sedan", "not_car", ""]
        assert {row.reviewer for row in rows} == {"amy"}
        twentieth = shown(page)
        page.reload()
        page.wait_for_selector("#photo")
        assert shown(page) == twentieth, "it goes on where it stopped"
        press(page, "Backspace", "Backspace")
        sync_api.expect(page.locator("section.one")).to_have_attribute("data-key", rows[18].key)
        count(page, "18 of 40")
        press(page, " ", "ArrowLeft")
        assert shown(page) == rows[18].key, "a look back decides nothing"
        saved(page)
        assert len(decisions.load(tmp_path / "review.csv", CLASSES).decisions) == 18
        assert first == rows[0].key
        server.process.kill()
        server.process.wait()
        press(page, "a")
        sync_api.expect(page.locator("#saved")).to_contain_text("1 not saved")
    with served(tmp_path, port=port) as again:
        assert again.port == port
        begin(page, again)
        sync_api.expect(page.locator("#saved")).not_to_contain_text("not saved")
        while page.evaluate("Object.keys(localStorage).some((key) => key.startsWith('curate-unsaved'))"):
            page.wait_for_timeout(20)
        found = decisions.load(tmp_path / "review.csv", CLASSES)
        assert len(found.decisions) == 19, "what the killed server did not take was sent again"
        page.reload()
        count(page, "19 of 40")


def test_thirty_in_the_grid_with_one_key(page: "Page", tmp_path: Path) -> None:
    build(tmp_path, n=60)
    with served(tmp_path) as server:
        begin(page, server)
        press(page, "g")
        page.wait_for_selector("#grid")
        tiles = page.locator("#grid li")
        assert tiles.count() == 60
        tiles.nth(2).click()
        tiles.nth(31).click(modifiers=["Shift"])
        sync_api.expect(page.locator("#chosen")).to_have_text("30 selected")
        press(page, "x", "1")
        count(page, "30 of 60")
        press(page, "Backspace")
        count(page, "0 of 60")
        tiles.nth(0).click()
        press(page, "ArrowRight", " ", "i")  # all but two
        sync_api.expect(page.locator("#chosen")).to_have_text("58 selected")
        press(page, "Escape")
        boxes = [tiles.nth(place).bounding_box() for place in (0, 1)]
        assert boxes[0]
        assert boxes[1]
        page.mouse.move(boxes[0]["x"] + 10, boxes[0]["y"] + 10)
        page.mouse.down()
        page.mouse.move(boxes[1]["x"] + 20, boxes[1]["y"] + 40, steps=4)
        page.mouse.up()
        sync_api.expect(page.locator("#chosen")).to_have_text("2 selected")
        press(page, "1")
        count(page, "2 of 60")
        press(page, "Control+a", "a")  # what is left; the next page of the queue is at its end
        count(page, "60 of 60")
        saved(page)
        found = decisions.load(tmp_path / "review.csv", CLASSES).decisions
        assert sum(decision.class_name == "hatch" for decision in found.values()) == 2
        assert len(found) == 60
        sync_api.expect(page.locator("#main")).to_contain_text("All of this queue is decided")


def test_apply_now_runs_the_stages_and_says_what_changed(page: "Page", tmp_path: Path) -> None:
    photos, folder = tmp_path / "photos", tmp_path / "folder"
    for number in range(24):
        path = photos / CLASSES[number % 2] / f"{number}.jpg"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(folders.paint(CLASSES[number % 2], number))
    recipe_file = tmp_path / "recipe.yaml"
    recipe_file.write_text("name: t\nclasses: [hatch, sedan]\nclean:\n  scorer: none\ndedup:\n  method: hash\n")
    recipe = find_recipe(recipe_file)
    import_photos(recipe, folder, photos, 1, lambda said: None)
    run_stages(["dedup", "clean"], recipe, folder, 1, lambda said: None)
    (folder / "recipe.yaml").write_text(recipe_file.read_text().replace("none", "none\n  threshold: 0.31"))
    kept = sum(row.keep for row in manifest.read(folder, CleanRow))
    with served(folder) as server:
        begin(page, server)
        page.select_option("#queue", "kept")
        count(page, f"0 of {kept}")
        press(page, "x", "x", "x", "x", "a")
        count(page, f"3 of {kept}")
        page.click("#apply")
        apart = "clean runs again by the recipe: clean.threshold is 0.3 here, 0.31 in the recipe"
        sync_api.expect(page.locator("#apply-apart")).to_have_text(apart)
        assert page.locator("#apply-apart").evaluate("each => getComputedStyle(each).whiteSpace") == "pre-line"
        page.click("#apply-start")
        sync_api.expect(page.locator("#apply-apart")).to_be_empty()
        said = page.locator("#apply-said")
        sync_api.expect(said).to_have_text("Changed sides: 2 kept to rejected.", timeout=90_000)
        page.click("#apply-close")
        assert page.locator("option[value='rejected:reviewed']").count() == 1
    rows = manifest.read(folder, CleanRow)
    assert sum(row.keep for row in rows) == kept - 2
    assert sum(row.reason == "reviewed" for row in rows) == 2


def test_counters_of_all_queues_follow_and_a_conflict_shows_both_photos(page: "Page", tmp_path: Path) -> None:
    folder = painted_run.build(tmp_path / "run", "clean")
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text("name: painted\nclasses: [swift, wagonr]\nclean: {scorer: none}\n")
    key = painted_run.key(4)
    rows = [
        replace(row, borderline=row.key == key, review_rank=1 if row.key == key else None)
        for row in manifest.read(folder, CleanRow)
    ]
    painted_run.rewrite(folder, "clean", list(rows))
    with served(folder, recipe=str(recipe)) as server:
        begin(page, server)
        conflicts = page.locator("option[value='label_conflicts']")
        sync_api.expect(conflicts).to_have_text("Sold under several classes (1)")
        page.select_option("#queue", "label_conflicts")
        sync_api.expect(page.locator(".stage figcaption")).to_have_text(
            ["stays · sold as swift", "duplicate · sold as wagonr"]
        )
        page.wait_for_function(
            "() => [...document.querySelectorAll('.stage img')].every((each) => each.naturalWidth > 0)"
        )
        page.select_option("#queue", "borderline")
        press(page, "g")
        sync_api.expect(page.locator("#grid .why")).to_have_text("duplicates or decisions contradict each other")
        press(page, "1")
        sync_api.expect(conflicts).to_have_text("Sold under several classes (0)")
        page.select_option("#queue", "label_conflicts")
        count(page, "1 of 1")
        page.click("#apply")
        sync_api.expect(page.locator("#apply-start")).to_have_text("Apply 1 decision")
        sync_api.expect(page.locator("#apply-said")).to_contain_text("1 decision is newer than what clean wrote.")
        page.click("#apply-close")
        press(page, "Backspace")
        sync_api.expect(conflicts).to_have_text("Sold under several classes (1)")


@pytest.mark.parametrize("width", [390, 1280])
def test_it_fits_and_has_names_for_a_screen_reader(page: "Page", tmp_path: Path, width: int) -> None:
    build(tmp_path, n=20)
    page.set_viewport_size({"width": width, "height": 844})
    with served(tmp_path) as server:
        begin(page, server)
        for opened in ("#grid", "#photo"):
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
            nameless = page.evaluate(
                "[...document.querySelectorAll('button, select, input, progress')].filter((each) => "
                "!each.textContent.trim() && !each.labels?.length && !each.ariaLabel)"
                ".map((each) => each.outerHTML)"
            )
            assert nameless == []
            assert page.locator("img:not([alt])").count() == 0
            press(page, "g")
            page.wait_for_selector(opened)
        press(page, "?")
        assert page.locator("#keys").is_visible()
        press(page, "Escape")
        assert not page.locator("#keys").is_visible()
