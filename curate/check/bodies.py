"""The bodies of requests: read into memory within limits, and taken apart. Nothing is written to a disk."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from curate.check.check import Upload
from curate.check.limits import Limits, RefusedError

if TYPE_CHECKING:
    from fastapi import Request

PHOTO, LISTING_PHOTOS = "photo", "listing_photos"  # files of a form
FIELDS = ("class", "listing_id")
PARTS = (PHOTO, *FIELDS, LISTING_PHOTOS)
MAX_FIELD_BYTES = 256
MAX_FIELDS = 16  # texts of a form that are read, so that one too many is named
_SHOWN = 40  # characters of an unknown name
REST_S = 1.0  # how long a body is read on that is refused for its size


class Bodies:
    """Those that are read now: there may be only so many, and so many bytes."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.open, self.bytes = limits, 0, 0

    async def upload(self, request: "Request", deadline: float) -> Upload:
        """The photo and what is said of it, read until `deadline`, in the loop's seconds.

        Raises RefusedError for a body that is too large, too slow, one too many, or cannot be taken apart, and
        for a field that is unknown, empty or given twice: it would be passed over without a word.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        form = kind == "multipart/form-data"
        if not form and not kind.startswith("image/") and kind != "application/octet-stream":
            raise RefusedError(415, "media_type", "send multipart/form-data, or a photo as image/jpeg")
        given = request.query_params.multi_items()
        if form and given:
            raise RefusedError(400, "form", f"{_clipped(given[0][0])} is in the query: in a form it is a part")
        class_name, listing_id = _texts(given, FIELDS)
        try:
            async with asyncio.timeout_at(deadline):
                body = await self._body(request)
        except TimeoutError as error:
            raise RefusedError(408, "slow", f"the body took over {self.limits.deadline_s:g} s") from error
        if form:
            return await self._of_form(request, body)
        return Upload(body, class_name, listing_id)

    async def _body(self, request: "Request") -> bytes:
        with suppress(ValueError):
            if int(request.headers.get("content-length", "")) > self.limits.max_bytes:
                raise self._too_large()
        if self.open >= self.limits.open or self.bytes >= self.limits.open_bytes:
            raise RefusedError(429, "busy", "too many uploads are under way; try again in a second")
        parts, size = list[bytes](), 0
        self.open += 1
        try:
            async for part in request.stream():
                size += len(part)
                self.bytes += len(part)
                if size > self.limits.max_bytes:
                    raise self._too_large()
                parts.append(part)
        finally:
            self.open -= 1
            self.bytes -= size
        return b"".join(parts)

    def _too_large(self) -> RefusedError:
        return RefusedError(413, "too_large", f"over {self.limits.max_bytes:,} bytes")

    async def rest(self, request: "Request") -> None:
        """Read on for a moment, so that a client that writes before it reads sees the answer."""
        left = 2 * self.limits.max_bytes
        with suppress(Exception):
            async with asyncio.timeout(REST_S):
                async for part in request.stream():
                    left -= len(part)
                    if left < 0:
                        return

    async def _of_form(self, request: "Request", body: bytes) -> Upload:
        from starlette.datastructures import UploadFile
        from starlette.formparsers import MultiPartException, MultiPartParser

        async def stream() -> AsyncIterator[bytes]:
            yield body

        logging.getLogger("python_multipart").disabled = True  # it would tell of what it reads
        logging.getLogger("python_multipart.multipart").disabled = True
        parser: Any = MultiPartParser(
            request.headers,
            stream(),  # type: ignore[arg-type]
            max_files=1 + self.limits.listing_photos,
            max_fields=MAX_FIELDS,
            max_part_size=4 * MAX_FIELD_BYTES,
        )
        parser.spool_max_size = len(body) + 1  # stays in memory
        try:
            form = await parser.parse()
        except (MultiPartException, KeyError, ValueError) as error:
            most = f"{PHOTO} and {self.limits.listing_photos} {LISTING_PHOTOS} are taken"
            raise RefusedError(400, "form", f"the form cannot be read, or has too many parts: {most}") from error
        parts = form.multi_items()
        files = {name: [part for key, part in parts if key == name] for name in (PHOTO, LISTING_PHOTOS)}
        class_name, listing_id = _texts([each for each in parts if each[0] not in files], PARTS)
        for name, found in files.items():
            if not all(isinstance(part, UploadFile) for part in found):
                raise RefusedError(400, "form", f"{name} is text: send it as a file")
        if len(files[PHOTO]) != 1:
            raise RefusedError(400, "form", f"send one file in the part `{PHOTO}`, not {len(files[PHOTO])}")
        first, *others = [
            await part.read() for found in files.values() for part in found if isinstance(part, UploadFile)
        ]
        await form.close()
        return Upload(first, class_name, listing_id, tuple(others))


def _texts(given: Sequence[tuple[str, object]], known: Sequence[str]) -> Iterator[str]:
    """The texts of FIELDS, empty where they are not given."""
    found = dict[str, str]()
    for name, text in given:
        if name not in FIELDS:
            raise RefusedError(400, "unknown_field", f"unknown field {_clipped(name)}; known: {', '.join(known)}")
        if not isinstance(text, str):
            raise RefusedError(400, "form", f"{name} is a file: send it as text")
        if name in found:
            raise RefusedError(400, "form", f"{name} is given twice")
        if not text.strip():
            raise RefusedError(400, "form", f"{name} is empty: leave it out where it is not known")
        if len(text) > MAX_FIELD_BYTES:
            raise RefusedError(400, "form", f"{name} is longer than {MAX_FIELD_BYTES} characters")
        found[name] = text
    return (found.get(name, "") for name in FIELDS)


def _clipped(name: str) -> str:
    return name if len(name) <= _SHOWN else f"{name[:_SHOWN]}…"
