"""The bodies of requests: read into memory within limits, and taken apart. Nothing is written to a disk."""

import asyncio
import logging
from collections.abc import AsyncIterator
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from curate.check.check import Upload
from curate.check.limits import Limits, RefusedError

if TYPE_CHECKING:
    from fastapi import Request

PHOTO, LISTING_PHOTOS = "photo", "listing_photos"  # parts of a form
FIELDS = ("class", "listing_id")
MAX_FIELD_BYTES = 256
REST_S = 1.0  # how long a body is read on that is refused for its size


class Bodies:
    """Those that are read now: there may be only so many, and so many bytes."""

    def __init__(self, limits: Limits) -> None:
        self.limits, self.open, self.bytes = limits, 0, 0

    async def upload(self, request: "Request", deadline: float) -> Upload:
        """The photo and what is said of it, read until `deadline`, in the loop's seconds.

        Raises RefusedError for a body that is too large, too slow, one too many, or cannot be taken apart.
        """
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        form = kind == "multipart/form-data"
        if not form and not kind.startswith("image/") and kind != "application/octet-stream":
            raise RefusedError(415, "media_type", "send multipart/form-data, or a photo as image/jpeg")
        try:
            async with asyncio.timeout_at(deadline):
                body = await self._body(request)
        except TimeoutError as error:
            raise RefusedError(408, "slow", f"the body took over {self.limits.deadline_s:g} s") from error
        if form:
            return await self._of_form(request, body)
        class_name, listing_id = (_short(request.query_params.get(name, "")) for name in FIELDS)
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
        files = 1 + self.limits.listing_photos
        parser: Any = MultiPartParser(
            request.headers,
            stream(),  # type: ignore[arg-type]
            max_files=files,
            max_fields=len(FIELDS),
            max_part_size=4 * MAX_FIELD_BYTES,
        )
        parser.spool_max_size = len(body) + 1  # stays in memory
        try:
            form = await parser.parse()
        except (MultiPartException, KeyError, ValueError) as error:
            raise RefusedError(400, "form", "the form cannot be read, or has more parts than are taken") from error
        photos = [part for part in form.getlist(PHOTO) if isinstance(part, UploadFile)]
        if len(photos) != 1:
            raise RefusedError(400, "form", f"send one file in the part `{PHOTO}`, not {len(photos)}")
        beside = [part for part in form.getlist(LISTING_PHOTOS) if isinstance(part, UploadFile)]
        texts = [form.get(name, "") for name in FIELDS]
        class_name, listing_id = (_short(text if isinstance(text, str) else "") for text in texts)
        first, *others = [await part.read() for part in (*photos, *beside)]
        await form.close()
        return Upload(first, class_name, listing_id, tuple(others))


def _short(text: str) -> str:
    if len(text) > MAX_FIELD_BYTES:
        raise RefusedError(400, "form", f"a field is longer than {MAX_FIELD_BYTES} characters")
    return text
