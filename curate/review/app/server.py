"""The web server of the page: HTTP on loopback, and who may ask it.

Every request must name this host and carry the token that `curate review` put into the address it printed, as a
cookie from then on. A page of another site can do neither, nor read an answer, nor run a script here.
"""

import hmac
import json
import secrets
import socket
import threading
from collections.abc import Awaitable, Callable, MutableMapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs

from curate.core import extras
from curate.core.errors import CurateError, RejectedError, UsageError
from curate.review.app import images
from curate.review.app.alike import most_alike
from curate.review.app.apply import Apply
from curate.review.app.session import Session

if TYPE_CHECKING:
    from starlette.applications import Starlette
    from starlette.requests import Request
    from starlette.responses import Response

HOST = "127.0.0.1"
STATIC = Path(__file__).parent / "static"
MAX_BODY = 1 << 20  # bytes: some thousand decisions
ALIKE = 6  # photos
_POLICY = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; " + (
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": _POLICY,
    "x-content-type-options": "nosniff",
    "referrer-policy": "no-referrer",
    "cross-origin-resource-policy": "same-origin",
    "cross-origin-opener-policy": "same-origin",
    "permissions-policy": "camera=(), microphone=(), geolocation=()",
}
_TYPES = {".html": "text/html", ".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}
Scope = MutableMapping[str, Any]
Asgi = Callable[[Scope, Any, Any], Awaitable[None]]


def listen(port: int) -> socket.socket:
    """A socket on loopback: at `port`, or where that is taken, and for 0, at any that is free."""
    listener = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
    except OSError:
        listener.bind((HOST, 0))
    listener.listen(64)  # whoever asks before the server answers waits
    return listener


def serve(
    session: Session, options: list[str], apart: Callable[[], list[str]], listener: socket.socket, token: str
) -> None:
    """Answer on `listener` until the process is asked to end; `options` and `apart` are those of `Apply`.

    Raises ResourceError without the extra `review`.
    """
    extras.require("review", "`curate review`")
    import uvicorn

    apply, thumbnails = Apply(session, options, apart), images.Thumbnails(session.folder)
    app = guarded(application(session, apply, thumbnails), listener.getsockname()[1], token)
    config = uvicorn.Config(
        app, log_level="warning", access_log=False, lifespan="off", timeout_graceful_shutdown=2
    )
    server = uvicorn.Server(config)
    answering = threading.Thread(target=server.run, args=([listener],))  # signals stay with this thread
    try:
        answering.start()
        answering.join()
    except KeyboardInterrupt:  # how a person ends it
        pass
    finally:
        server.should_exit = True
        answering.join()
        apply.stop()
        thumbnails.close()


def new_token() -> str:
    """A secret for one run of the server."""
    return secrets.token_urlsafe(24)


def guarded(app: Asgi, port: int, token: str) -> Asgi:
    """`app` behind the checks of host, token and origin; its answers with the headers of `HEADERS`."""
    hosts = {f"{name}:{port}" for name in (HOST, "localhost")}
    cookie = f"curate_review_{port}"

    async def answer(scope: Scope, receive: Any, send: Any) -> None:
        if scope["type"] != "http":
            return None
        asked = {name.decode("latin-1"): value.decode("latin-1") for name, value in scope["headers"]}
        query = parse_qs(scope["query_string"].decode("latin-1"))

        async def with_headers(message: Scope) -> None:
            if message["type"] == "http.response.start":
                known = {name for name, _ in message["headers"]}
                more = HEADERS if b"cache-control" in known else {**HEADERS, "cache-control": "no-store"}
                message["headers"] = [*message["headers"], *((k.encode(), v.encode()) for k, v in more.items())]
            await send(message)

        async def plain(status: int, text: str, *headers: tuple[bytes, bytes]) -> None:
            kind = (b"content-type", b"text/plain; charset=utf-8")
            await with_headers({"type": "http.response.start", "status": status, "headers": [kind, *headers]})
            await with_headers({"type": "http.response.body", "body": text.encode()})

        if asked.get("host") not in hosts:
            return await plain(421, "This is another host.\n")
        given = query.get("token", [""])[0]
        if scope["method"] == "GET" and scope["path"] == "/" and _same(given, token):
            value = f"{cookie}={token}; Path=/; HttpOnly; SameSite=Strict"
            return await plain(303, "", (b"location", b"/"), (b"set-cookie", value.encode()))
        pairs = [part.strip().partition("=") for part in asked.get("cookie", "").split(";")]
        if not any(name == cookie and _same(value, token) for name, _, value in pairs):
            return await plain(403, "Open the address that `curate review` printed: it holds a token.\n")
        if scope["method"] not in ("GET", "HEAD"):
            own = asked.get("origin", "").removeprefix("http://") in hosts
            if not own or not asked.get("content-type", "").startswith("application/json"):
                return await plain(403, "Only this page may ask for that.\n")
            if not asked.get("content-length", "").isdigit() or int(asked["content-length"]) > MAX_BODY:
                return await plain(413, f"A request holds at most {MAX_BODY} bytes.\n")
        return await app(scope, receive, with_headers)

    return answer


def _same(given: str, token: str) -> bool:
    return hmac.compare_digest(given.encode(), token.encode())


def application(session: Session, apply: Apply, thumbnails: images.Thumbnails) -> "Starlette":
    """The pages and the JSON that they ask for."""
    from starlette.applications import Starlette
    from starlette.concurrency import run_in_threadpool
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Route

    folder = session.folder

    def state(request: "Request") -> "Response":
        return JSONResponse(session.state())

    def page(request: "Request") -> "Response":
        name, ask = request.path_params["name"], request.query_params
        start = int(ask.get("start", 0))
        if ask.get("undecided"):
            start = session.next_undecided(name, start)
        return JSONResponse({"start": start, "items": session.page(name, start, int(ask.get("limit", 60)))})

    def around(request: "Request") -> "Response":
        listing, sha256 = session.around(request.path_params["key"])
        alike: list[Any] = []
        for name in most_alike(folder, sha256):
            alike += session.kept_of_file(name)
            if len(alike) >= ALIKE:
                break
        return JSONResponse({"listing": listing, "alike": alike[:ALIKE]})

    async def decide(request: "Request") -> "Response":
        asked = json.loads(await request.body())
        before = await run_in_threadpool(session.decide, str(asked["queue"]), list(asked["rows"]))
        return JSONResponse({"before": before, "done": dict(session.done)})

    def photo(request: "Request") -> "Response":
        found = session.known(request.path_params["key"])
        small = request.path_params["size"] == "small"
        data = thumbnails.get(found) if small else images.large(folder, found)
        return _image(data)

    def difference(request: "Request") -> "Response":
        kept, other = (session.known(request.path_params[name]) for name in ("kept", "other"))
        return _image(images.difference(folder, kept, other))

    def _image(data: bytes) -> "Response":
        kind = "image/webp" if data.startswith(b"RIFF") else "image/jpeg"
        return Response(data, media_type=kind, headers={"cache-control": "private, max-age=86400, immutable"})

    def applied(request: "Request") -> "Response":
        if request.method == "POST":
            apply.start()
        return JSONResponse(apply.state())

    def static(request: "Request") -> "Response":
        name = request.path_params.get("name", "index.html")
        files = {path.name: path for path in STATIC.iterdir() if path.suffix in _TYPES}
        return Response(files[name].read_bytes(), media_type=_TYPES[files[name].suffix])

    def refusal(status: int) -> Any:
        def answer(request: "Request", error: Exception) -> "Response":
            text = str(error) if isinstance(error, CurateError | RejectedError) else "There is no such thing here."
            return JSONResponse({"error": text}, status)

        return answer

    failures: Any = {
        KeyError: refusal(404),
        UsageError: refusal(409),
        CurateError: refusal(500),
        RejectedError: refusal(410),
        ValueError: refusal(400),
        TypeError: refusal(400),
    }
    return Starlette(
        routes=[
            Route("/", static),
            Route("/static/{name}", static),
            Route("/api/state", state),
            Route("/api/queue/{name}", page),
            Route("/api/around/{key}", around),
            Route("/api/decide", decide, methods=["POST"]),
            Route("/api/apply", applied, methods=["GET", "POST"]),
            Route("/photo/{size}/{key}", photo),
            Route("/difference/{kept}/{other}", difference),
        ],
        exception_handlers=failures,
    )
