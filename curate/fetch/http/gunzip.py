"""Gzip in pieces, under a ceiling: a few bytes may stand for gigabytes."""

import zlib


class Gunzip:
    """Streaming gzip with a ceiling. Members may follow one another (RFC 1952, 2.2); padding is ignored."""

    def __init__(self) -> None:
        self._member = zlib.decompressobj(31)

    @property
    def complete(self) -> bool:
        """Did the stream come to its end?"""
        return self._member.eof

    def feed(self, data: bytes, room: int) -> bytes:
        """Decompress; at most `room` + 1 bytes, so that the caller sees when there are too many."""
        out = bytearray()
        while data and len(out) <= room:
            if self._member.eof:
                if not data.startswith(b"\x1f"):
                    break
                self._member = zlib.decompressobj(31)
            out += self._member.decompress(data, room + 1 - len(out))
            data = self._member.unconsumed_tail or self._member.unused_data
        return bytes(out)
