"""Signed URLs: the same photo under another signature on each view of the page, good until it expires.

A URL is signed when its query has a signature and an expiry (Amazon CloudFront and S3, Google Cloud Storage,
Azure, Alibaba, Facebook, nginx secure_link and many more), or a token that holds both (Akamai).
"""

import re

_SIGNATURES = {"hash", "hmac", "md5", "oh", "sig", "sign", "signature", "st", "token"}
_EXPIRIES = {"e", "exp", "expire", "expires", "expiry", "oe", "se"}
_BOTH = {"__gda__", "hdnea", "hdntl", "hdnts", "x-amz-signature", "x-goog-signature", "x-oss-signature"}
# What goes with a signature of one kind, and says nothing of the photo.
_COMPANIONS = {
    "signature": {"key-pair-id", "policy", "awsaccesskeyid", "googleaccessid", "ossaccesskeyid"},
    "sig": {"sp", "spr", "sr", "srt", "ss", "st", "sv", "sip", "ske", "skoid", "sks", "skt", "sktid", "skv"},
    "oh": {"_nc_cat", "_nc_gid", "_nc_ht", "_nc_oc", "_nc_ohc", "_nc_sid", "_nc_zt", "ccb"},
}
_PREFIXES = ("x-amz-", "x-goog-", "x-oss-")
_IN_TEXT = re.compile(r"https?://\S+?(?=[:,;.)\]'\"]*(?:\s|$))")


def unsigned(url: str) -> str:
    """The URL without its signature and expiry: what names the photo. Another URL comes back as it is."""
    place, _, query = url.partition("?")
    if "=" not in query or "#" in query:
        return url
    fields = [(field.partition("=")[0].lower(), field) for field in query.split("&")]
    names = {name for name, _ in fields}
    expires = any(name in _EXPIRIES and any(map(str.isdigit, field.partition("=")[2])) for name, field in fields)
    if not (names & _BOTH or (names & _SIGNATURES and expires)):
        return url
    drop = _SIGNATURES | _EXPIRIES | _BOTH
    for name in names & _COMPANIONS.keys():
        drop = drop | _COMPANIONS[name]
    kept = [field for name, field in fields if name not in drop and not name.startswith(_PREFIXES)]
    return f"{place}?{'&'.join(kept)}" if kept else place


def without_signatures(text: str) -> str:
    """A message, each URL in it without its signature and expiry."""
    return _IN_TEXT.sub(lambda match: unsigned(match[0]), text)


def is_signed(url: str) -> bool:
    """Is there a signature in the URL, so that it stops to work some day?"""
    return unsigned(url) != url
