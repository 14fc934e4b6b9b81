"""The HTTP service: `POST /v1/check`, and what operators ask of it. FastAPI draws the OpenAPI page from here.

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

from pydantic import BaseModel

from curate.check.batches import Batches, Reloader, busy
from curate.check.bodies import FIELDS, LISTING_PHOTOS, PHOTO, Bodies
from curate.check.check import Say, class_of
from curate.check.limits import Limits, RefusedError
from curate.check.metrics import Metrics
from curate.core.errors import UsageError

if TYPE_CHECKING:
    from fastapi import FastAPI, Response
    from starlette.types import ASGIApp, Receive, Scope, Send

CHECK = "/v1/check"
_TELL = {429: {"Retry-After": "1"}, 401: {"WWW-Authenticate": "Bearer"}}
_END = {408, 413}  # after these the connection is closed: the rest of the body is not worth reading


class DuplicateOf(BaseModel):
    """A photo of the dataset that shows the same image."""

    key: str
    listing_id: str
    exact: bool


class Answer(BaseModel):
    """A verdict."""

    verdict: str
    reasons: list[str]
    usable: float | None
    classes: dict[str, float]
    duplicate: DuplicateOf | None
    nearest: list[tuple[str, float]]
    known: str
    detail: str

    model_config = {
        "json_schema_extra": {
            "examples": [
                {
                    "verdict": "flag",
                    "reasons": ["duplicate"],
                    "usable": 0.9931,
                    "classes": {"swift": 0.9702, "wagonr": 0.0298},
                    "duplicate": {"key": "9f3c1a60b7d24e58", "listing_id": "1700035816", "exact": False},
                    "nearest": [["9f3c1a60b7d24e58", 0.9984], ["03d1be8891aa5c02", 0.8711]],
                    "known": "",
                    "detail": "",
                }
            ]
        }
    }


class Refusal(BaseModel):
    """Why there is no verdict."""

    error: str
    detail: str

    model_config = {
        "json_schema_extra": {
            "examples": [{"error": "busy", "detail": "as many photos are waiting as may; try again in a second"}]
        }
    }


_STATUSES = {
    400: "The form cannot be read, or it has no photo.",
    401: "No API key, or an unknown one.",
    408: "The body did not arrive within the deadline.",
    413: "More bytes or pixels than are taken.",
    415: "Not a photo of a type that is taken.",
    421: "Another Host than this machine, while no API key is set.",
    422: "A class that the recipe does not name.",
    429: "As many photos are waiting as may, or the deadline passed. Retry-After says when to try again.",
}
_BINARY = {"type": "string", "format": "binary"}
_FORM = {
    "schema": {
        "type": "object",
        "required": [PHOTO],
        "properties": {
            PHOTO: _BINARY | {"description": "The photo."},
            "class": {"type": "string", "description": "What the seller says it shows.", "examples": ["swift"]},
            "listing_id": {"type": "string", "description": "Its listing: its own photos are no duplicates."},
            LISTING_PHOTOS: {
                "type": "array",
                "items": _BINARY,
                "description": "The listing's other photos: they help to tell the class.",
            },
        },
    }
}
_ASKED = {
    "requestBody": {
        "required": True,
        "content": {"multipart/form-data": _FORM, "image/jpeg": {"schema": _BINARY}},
        "description": "A form, or the bytes of the photo alone with class and listing_id in the query.",
    },
    "parameters": [
        {"name": name, "in": "query", "required": False, "schema": {"type": "string"}} for name in FIELDS
    ],
}


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
    from fastapi.responses import JSONResponse, PlainTextResponse
    from starlette.datastructures import Headers

    from curate import __version__

    app = FastAPI(title="curate serve", version=__version__, summary="Does an upload fit the dataset?")
    metrics = Metrics(batches, reloader)
    bodies = Bodies(limits)

    def refuse(refusal: RefusedError) -> "Response":
        headers = dict(_TELL.get(refusal.status, {}))
        headers |= {"Connection": "close"} if refusal.status in _END else {}
        return JSONResponse({"error": refusal.word, "detail": refusal.sentence}, refusal.status, headers)

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
        responses={status: {"model": Refusal, "description": text} for status, text in _STATUSES.items()},
        openapi_extra=_ASKED,
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
            except Exception as error:  # its text may tell of the photo
                say(f"a check failed: {type(error).__name__}")
                answer = RefusedError(500, "mistake", "a mistake in curate itself; its output names the kind")
            noted.status = answer.status
            return refuse(answer)

    @app.get("/healthz", summary="Is the process alive?", response_class=PlainTextResponse)
    async def healthz() -> Any:
        return PlainTextResponse("ok\n")

    @app.get("/readyz", summary="Does it take uploads?", responses={503: {"description": "It drains."}})
    async def readyz() -> Any:
        checker = batches.checker
        facts = {"ready": ready(), "photos": len(checker.learnt.decided), "classes": checker.recipe.classes}
        return JSONResponse(facts, 200 if ready() else 503)

    @app.get("/metrics", summary="Counters for Prometheus", response_class=PlainTextResponse)
    async def shown(request: Request) -> Any:
        try:
            authorise(request)
        except RefusedError as refusal:
            return refuse(refusal)
        return PlainTextResponse(metrics.text(), media_type=metrics.media_type)

    return app
