"""The HTTP service: `POST /v1/check`, what operators ask of it, and a page about both.

A request is read into memory and never written anywhere. Nothing of it is logged: no name, no EXIF, no listing.
"""

import asyncio
import hashlib
import hmac
import ipaddress
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from curate.check.batches import Batches, Reloader, busy
from curate.check.bodies import Bodies
from curate.check.check import Say, class_of
from curate.check.docs_page import POLICY, page
from curate.check.limits import Limits, RefusedError
from curate.check.metrics import Metrics
from curate.check.openapi import CHECK, METRICS, STATUSES, Answer, Refusal, document
from curate.core.errors import UsageError

if TYPE_CHECKING:
    from fastapi import FastAPI, Response
    from starlette.types import ASGIApp, Receive, Scope, Send

_TELL = {429: {"Retry-After": "1"}, 401: {"WWW-Authenticate": "Bearer"}}
_END = {408, 413}  # after these the connection is closed: the rest of the body is not worth reading


def keys_of(text: str) -> tuple[bytes, ...]:
    """API keys, separated by commas, as digests. Raises UsageError for one that is easily guessed."""
    keys = [key.strip() for key in text.split(",") if key.strip()]
    if short := [key for key in keys if len(key) < 16]:
        raise UsageError(f"an API key of {len(short[0])} characters is easily guessed: take 16 or more")
    return tuple(hashlib.sha256(key.encode()).digest() for key in keys)


def allowed(given: str, keys: Sequence[bytes]) -> bool:
    """Is `given` one of the keys? Takes the same time whichever it is, or is not."""
    digest = hashlib.sha256(given.encode()).digest()
    same = [hmac.compare_digest(digest, key) for key in keys]
    return any(same) or not keys


def is_loopback(host: str) -> bool:
    """Is `host`, a name or an IP address, this machine?"""
    with suppress(ValueError):
        return ipaddress.ip_address(host).is_loopback
    return host == "localhost"


def _named(host: str) -> str:
    """The name or address of a header Host, without its port; empty for what is none."""
    with suppress(ValueError):
        return urlsplit(f"//{host}").hostname or ""
    return ""


def api(
    batches: Batches,
    reloader: Reloader,
    limits: Limits,
    keys: Sequence[bytes],
    ready: Callable[[], bool],
    say: Say,
) -> "FastAPI":
    """The application. `ready` is false while it drains; `say` gets the mistakes."""
    from fastapi import FastAPI, Request
    from fastapi.responses import HTMLResponse, JSONResponse, PlainTextResponse
    from starlette.datastructures import Headers
    from starlette.exceptions import HTTPException

    from curate import __version__

    title, summary = "curate serve", "Does an upload fit the dataset?"
    app = FastAPI(title=title, version=__version__, summary=summary, docs_url=None, redoc_url=None)
    app.openapi = lambda: document(app, batches.checker.recipe.classes, bool(keys))  # type: ignore[method-assign]
    metrics = Metrics(batches, reloader)
    bodies = Bodies(limits)

    def refuse(refusal: RefusedError) -> "Response":
        headers = dict(_TELL.get(refusal.status, {}))
        headers |= {"Connection": "close"} if refusal.status in _END else {}
        return JSONResponse({"error": refusal.word, "detail": refusal.sentence}, refusal.status, headers)

    def mistake(what: str, error: Exception) -> RefusedError:
        say(f"{what} failed: {type(error).__name__}")  # its text may tell of the photo
        return RefusedError(500, "mistake", "a mistake in curate itself; its output names the kind")

    def may_ask(headers: Headers) -> bool:
        given = headers.get("authorization", "").removeprefix("Bearer ")
        return allowed(headers.get("x-api-key", given), keys)

    def authorise(request: Request) -> None:
        if not may_ask(request.headers):
            raise RefusedError(401, "unauthorised", "send a known key as `Authorization: Bearer KEY`")

    def at_once(inner: "ASGIApp") -> "ASGIApp":
        """Answer an upload that finds the queue full by its headers alone: more costs time of the others."""

        async def outer(scope: "Scope", receive: "Receive", send: "Send") -> None:
            upload = scope["type"] == "http" and (scope["method"], scope["path"]) == ("POST", CHECK)
            if not (upload and batches.full and may_ask(Headers(scope=scope))):
                await inner(scope, receive, send)
                return
            await answer(scope, receive, send)
            metrics.refused(answer.status_code)

        answer = refuse(busy())
        return outer

    def here(inner: "ASGIApp") -> "ASGIApp":
        """Without keys, refuse who asks for another host: a page may point its own name at this machine."""

        async def outer(scope: "Scope", receive: "Receive", send: "Send") -> None:
            host = Headers(scope=scope).get("host", "") if scope["type"] == "http" else ""  # a browser sends one
            await (answer if host and not is_loopback(_named(host)) else inner)(scope, receive, send)

        answer = refuse(
            RefusedError(421, "another_host", "without API keys only 127.0.0.1 and localhost are answered")
        )
        return outer

    app.add_middleware(at_once)
    if not keys:
        app.add_middleware(here)

    @app.post(
        CHECK,
        response_model=Answer,
        responses={status: {"model": Refusal, "description": text} for status, text in STATUSES.items()},
        summary="The verdict on one photo",
        response_description="`ok`, `flag` or `unsure`, and why.",
    )
    async def check(request: Request) -> Any:
        with metrics.timed() as noted:
            try:
                authorise(request)
                deadline = asyncio.get_running_loop().time() + limits.deadline_s
                upload = await bodies.upload(request, deadline)
                class_of(batches.checker.recipe, upload.class_name)
                async with asyncio.timeout_at(deadline):
                    verdict = await batches.check(upload)
                noted.verdict(verdict)
                return JSONResponse(verdict.as_json())
            except RefusedError as refusal:
                if refusal.status == 413:
                    await bodies.rest(request)
                answer = refusal
            except UsageError as error:
                answer = RefusedError(422, "unknown_class", str(error))
            except TimeoutError:
                answer = RefusedError(429, "deadline", "not answered in time; try again in a second")
            except Exception as error:
                answer = mistake("a check", error)
            noted.status = answer.status
            return refuse(answer)

    @app.get("/docs", include_in_schema=False)
    async def docs(request: Request) -> Any:
        return HTMLResponse(
            page(app.openapi(), str(request.base_url)), headers={"Content-Security-Policy": POLICY}
        )

    @app.exception_handler(HTTPException)
    async def no_such(request: Request, error: HTTPException) -> "Response":
        word = {404: "not_found", 405: "method_not_allowed"}.get(error.status_code, "http")
        sentence = f"{error.detail}: GET /docs shows what there is"
        return JSONResponse({"error": word, "detail": sentence}, error.status_code, error.headers)

    @app.exception_handler(Exception)
    async def failed(request: Request, error: Exception) -> "Response":
        return refuse(mistake("an answer", error))

    @app.get("/healthz", summary="Is the process alive?", response_class=PlainTextResponse)
    async def healthz() -> Any:
        return PlainTextResponse("ok\n")

    @app.get("/readyz", summary="Does it take uploads?", responses={503: {"description": "It drains."}})
    async def readyz() -> Any:
        checker = batches.checker
        facts = {"ready": ready(), "photos": len(checker.learnt.decided), "classes": checker.recipe.classes}
        return JSONResponse(facts, 200 if ready() else 503)

    @app.get(METRICS, summary="Counters for Prometheus", response_class=PlainTextResponse)
    async def shown(request: Request) -> Any:
        try:
            authorise(request)
        except RefusedError as refusal:
            return refuse(refusal)
        return PlainTextResponse(metrics.text(), media_type=metrics.media_type)

    return app
