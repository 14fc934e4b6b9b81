"""Pages that scripts make: rendered by the system's Chromium, whose every request goes through our own client.

The browser has no network: no name resolves in it, and its proxy is a port where nobody listens. What a page asks
for is answered by `Client.get`, so robots.txt, rate limit, address check and limits hold for it too. Images, fonts
and media are not loaded, and nothing is sent but GET. Each page has a new context: no cookie or storage is left.

Playwright's objects belong to one thread. It starts with the first page and ends with `close`.
"""

import logging
import os
import shutil
import sys
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from html import escape
from typing import Any
from urllib.parse import urldefrag

from curate.core import extras
from curate.core.errors import DeniedError, Do, RejectedError, ResourceError, TryLaterError
from curate.core.recipe_source import Action
from curate.fetch.http.client import Client
from curate.fetch.http.response import Response, is_gate

log = logging.getLogger(__name__)
CHROMIUM = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
ARGUMENTS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-dev-shm-usage",
    "--host-resolver-rules=MAP * ~NOTFOUND",
    "--proxy-server=http://127.0.0.1:9",
    "--proxy-bypass-list=<-loopback>",
    "--force-webrtc-ip-handling-policy=disable_non_proxied_udp",
)
_NOT_LOADED = {"image", "font", "media", "texttrack", "manifest", "ping", "websocket", "eventsource"}
_KEPT = {"script", "stylesheet"}  # asked for once in a run
_WAIT_MS = 600_000.0  # for what our client answers in its own time, with the pace it keeps
_QUIET_MS = 30_000.0  # for a page to fall silent, and for what an action waits for
MAX_ANSWERS = 50  # of APIs, kept of one page


@dataclass(frozen=True, slots=True)
class Rendered:
    """A page after its scripts ran."""

    html: str
    answers: tuple[tuple[str, str], ...] = ()  # address and text of each JSON that the scripts asked for

    def text(self) -> str:
        """The page with the answers in it as data, so that one reader sees both."""
        data = ""
        for url, text in self.answers:  # those of one address, whatever their query, are parts of one list
            name, inner = escape(url.partition("?")[0][:200]), text.replace("</", "<\\/")
            data += f'<script type="application/json" data-name="{name}">{inner}</script>'
        head, end, tail = self.html.rpartition("</body>")
        return f"{head}{data}{end}{tail}" if end else self.html + data


def executable() -> str:
    """The system's Chromium. Raises ResourceError with the line that brings it."""
    extras.require("browser", "source.render")
    if found := next((path for name in CHROMIUM if (path := shutil.which(name))), ""):
        return found
    raise ResourceError(
        "source.render needs Chromium, which is not installed",
        Do("install it, on Debian with apt install chromium, or chromium-headless-shell, which is lighter"),
    )


@dataclass(slots=True)
class Browser:
    """One Chromium for a run. Thread-safe; a page at a time."""

    client: Client
    max_bytes: int
    actions: Sequence[Action] = ()
    _thread: ThreadPoolExecutor = field(default_factory=lambda: ThreadPoolExecutor(1, "browser"))
    _started: list[Any] = field(default_factory=list)  # Playwright and the browser, of that thread
    _kept: dict[str, Response] = field(default_factory=dict)

    def render(self, url: str) -> Rendered:
        """The page at `url` after its scripts and the recipe's actions.

        Raises RejectedError, DeniedError for a captcha or login wall, TryLaterError, ResourceError.
        """
        return self._thread.submit(self._render, url).result()

    def close(self) -> None:
        """End the browser."""
        with suppress(Exception):
            self._thread.submit(self._stop).result(30)
        self._thread.shutdown(wait=False)

    def _start(self) -> Any:
        if not self._started:
            path = executable()
            from playwright.sync_api import Error, sync_playwright

            playwright = sync_playwright().start()
            try:
                browser = _launch(playwright.chromium, path)
            except Error as error:
                playwright.stop()
                raise ResourceError(f"{path} does not start: {str(error).splitlines()[0][:200]}") from error
            self._started += [playwright, browser]
        return self._started[1]

    def _stop(self) -> None:
        if self._started:
            playwright, browser = self._started
            self._started.clear()
            browser.close()
            playwright.stop()

    def _render(self, url: str) -> Rendered:
        browser = self._start()
        from playwright.sync_api import Error

        context = browser.new_context(service_workers="block", accept_downloads=False)
        visit = _Visit(self.client, self.max_bytes, self._kept, url)
        try:
            context.set_default_timeout(_QUIET_MS)
            context.route("**/*", lambda route: visit.answer(route))
            page = context.new_page()
            page.goto(url, timeout=_WAIT_MS, wait_until="load")
            visit.check()
            page.wait_for_load_state("networkidle", timeout=_WAIT_MS)
            for action in self.actions:
                _act(page, action)
            visit.check()
            html = page.content()
        except Error as error:
            visit.check()
            raise RejectedError("internal_error", f"{url}: {str(error).splitlines()[0][:300]}") from error
        finally:
            with suppress(Error):
                context.close()
        if is_gate(html.encode("utf-8", "replace")):
            raise DeniedError(f"{url} asks for a human (captcha, login or browser check): we stop here")
        return Rendered(html, tuple(visit.answers))


@dataclass(slots=True)
class _Visit:
    """Answers what one page asks for."""

    client: Client
    max_bytes: int
    kept: dict[str, Response]
    url: str
    answers: list[tuple[str, str]] = field(default_factory=list)
    trouble: list[Exception] = field(default_factory=list)

    def check(self) -> None:
        """Raise what ended the page or the run."""
        if self.trouble:
            raise self.trouble[0]

    def answer(self, route: Any) -> None:
        """Answer one request of the browser: through our client, or not at all."""
        request = route.request
        kind, url = request.resource_type, urldefrag(request.url)[0]
        if kind in _NOT_LOADED or request.method != "GET" or not url.startswith(("http:", "https:")):
            route.abort()
            return
        is_page = request.is_navigation_request() and request.frame.parent_frame is None
        try:
            reply = self.kept.get(url) or self._get(url, is_page, kind)
        except (DeniedError, TryLaterError) as error:
            self.trouble.append(error)
            route.abort()
            return
        except RejectedError as error:
            self.client.note("part", url, reason=error.reason, page=self.url)
            if is_page:
                self.trouble.append(error)
            route.abort()
            return
        if kind in _KEPT:
            self.kept[url] = reply
        charset = f"; charset={reply.charset}" if reply.charset else ""
        headers = {"Content-Type": (reply.content_type or "text/html") + charset}
        if kind in ("xhr", "fetch"):
            origin = request.headers.get("origin", "*")
            headers |= {"Access-Control-Allow-Origin": origin, "Access-Control-Allow-Credentials": "true"}
            self._keep_answer(url, reply)
        route.fulfill(status=200, headers=headers, body=reply.data)

    def _get(self, url: str, is_page: bool, kind: str) -> Response:
        if is_page:
            return self.client.get(url, self.max_bytes, "page")
        more = {"Referer": self.url}
        return self.client.get(url, self.max_bytes, "data" if kind in ("xhr", "fetch") else "part", more=more)

    def _keep_answer(self, url: str, reply: Response) -> None:
        text = reply.data.decode(reply.charset or "utf-8", "replace").strip()
        if len(self.answers) < MAX_ANSWERS and text[:1] in ("{", "["):
            self.answers.append((url, text))


def _launch(chromium: Any, path: str) -> Any:
    """Chromium in its sandbox; without it where the system has none, which is said. Raises Playwright's Error."""
    from playwright.sync_api import Error

    start = partial(chromium.launch, executable_path=path, args=list(ARGUMENTS))
    why = "it gives none to root, so run curate as another user"
    if not (sys.platform == "linux" and os.geteuid() == 0):
        try:
            return start(chromium_sandbox=True)
        except Error as error:
            why = f"it does not start with one: {str(error).splitlines()[0][:200]}"
    browser = start(chromium_sandbox=False)
    log.warning("Chromium runs the scripts of pages without a sandbox; %s", why)
    return browser


def _act(page: Any, action: Action) -> None:
    """Scroll to the end, click what is there, wait; each until the page is silent again."""
    for _ in range(action.times):
        for step in _steps(page, action):
            step()
        page.wait_for_load_state("networkidle", timeout=_WAIT_MS)


def _steps(page: Any, action: Action) -> Iterator[Callable[[], object]]:
    if action.scroll:
        yield lambda: page.mouse.wheel(0, 100_000)
        yield lambda: page.evaluate("window.scrollTo(0, document.documentElement.scrollHeight)")
        yield lambda: page.wait_for_timeout(250)
    if action.click:
        button = page.locator(action.click).first
        if button.count() and button.is_visible():
            yield button.click
            yield lambda: page.wait_for_timeout(250)
    if action.wait_for:
        yield lambda: page.locator(action.wait_for).first.wait_for(state="attached")
