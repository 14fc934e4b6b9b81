"""The addresses of a page's photos made whole: relative ones, paths without a host, templates, bare ids."""

import re
from collections.abc import Iterable

from curate.fetch.http.url import host_of
from curate.fetch.sources import photo_templates
from curate.fetch.sources.page import photo_address

MAX_EFFORT = 150_000  # values under keys of photos, in one page
MAX_LENGTH = 4_000  # characters of an address
EXTENSION = re.compile(  # 7.jpg, and 7-jpg.2812300/ of an attachment to a post
    r"\.(?:jpe?g|jfif|png|webp|avif|gif|heic|bmp)(?:$|[?&#/!@;:,_~])|-(?:jpe?g|png|webp|heic)\.\d{3,}/?(?:$|[?#])",
    re.IGNORECASE,
)
_NO_IMAGE = re.compile(
    r"\.(?:mp4|m3u8|webm|mov|pdf|html?|svg|ico|css|js|json|glb)(?:$|[?#])|"
    r"youtube\.|youtu\.be|vimeo\.|"
    r"/[\w-]{0,20}?(?:no[-_]?(?:photo|image|img|picture|foto)s?|not[-_]?found|placeholder|image[-_]?missing|coming[-_]?soon|"
    r"sem[-_]?foto|sin[-_]?foto|kein[-_]?bild)(?![a-z])[\w-]{0,20}\.(?:png|jpe?g|gif|webp)(?:$|\?)|"
    r"[?&]no[-_]?(?:photo|image|img|picture)=(?:true|1)(?:&|$)|/(?:avatars?|userpics?)/|^data:|^blob:|google(?:apis)?\.com/maps|/maps?/api|staticmap|^mailto:|javascript:",
    re.IGNORECASE,
)
_SCRIPT = re.compile(r"\.(?:php|aspx|cgi)(?:$|[?#](?!.*\.(?:jpe?g|png|webp)))", re.IGNORECASE)
_OF_FILES = re.compile(  # a script that gives one of the site's files, by its number
    r"(?:^|[/_-]|(?-i:[a-z](?=[A-Z]))(?<!captcha)(?<!qr)(?<!logo)(?<!dealer)(?<!user)(?<!profile)(?<!banner)(?<!flag))"
    r"(?:attachment|file|image|img|photo|picture|thumb|thumbnail)s?"
    r"\.(?:php|aspx|cgi)\?(?=.*\d)",
    re.IGNORECASE,
)
_HOST = re.compile(r"^(?:[a-z0-9-]+\.)+[a-z]{2,10}/", re.IGNORECASE)


class Addresses:
    """Makes the addresses of a page's photos whole: relative ones, paths without a host, templates, bare ids.

    `seen` are the addresses of the page's own images, `sizes` the pixels that the page tells of single ones, to
    which the keys of photos add.
    """

    def __init__(self, base: str, seen: Iterable[str] = (), sizes: dict[str, int] | None = None) -> None:
        self.base = base
        self.seen = list(dict.fromkeys(seen))[:3000]
        self.sizes = {} if sizes is None else sizes
        self._tokens: dict[str, list[str]] | None = None
        self._prefix: dict[str, str] = {}
        self._effort = MAX_EFFORT
        self.step = ""  # of the largest size, in the page's own table of sizes
        self.known: dict[int, list[list[str]]] = {}  # of objects and lists looked at before, by identity

    def may_go_on(self) -> bool:
        """False when a page has made us look at too many values: data that names itself has no end."""
        self._effort -= 1
        return self._effort > 0

    def whole(self, written: str) -> str:
        """The absolute address that a page wrote; empty where it is none."""
        text = written.strip()
        if text.startswith("http:\\/\\/") or "\\/" in text:
            text = text.replace("\\/", "/")
        if not text.startswith(("http:", "https:", "//", "/")) and _HOST.match(text) and text.count(".") > 1:
            text = "//" + text
        text = photo_templates.filled(text, self.seen, self.step)
        url = photo_address(text, self.base)
        if (url and text.startswith("/") and not text.startswith("//")) or not re.match(r"(?:https?:)?//", text):
            url = self._elsewhere(text) or url
        return url

    def _elsewhere(self, path: str) -> str:
        """The address of a path without a host, where the page's own images have the same path on another host."""
        tail = "/" + path.lstrip("./")
        first = tail.rpartition("/")[0]
        if first in self._prefix:
            prefix = self._prefix[first]
            return photo_address(prefix + tail, self.base) if prefix else ""
        name = tail.split("?")[0]
        found = next((url for url in self.seen if name in url and len(name) > 5), "")
        self._prefix[first] = prefix = found.partition(name)[0] if found else self._of_alike(name)
        return photo_address(prefix + tail, self.base) if prefix else ""

    def _of_alike(self, path: str) -> str:
        """What stands before the paths of the page's own images that begin with the same folder and are as deep;
        empty where there are none, or some of the page's own host."""
        folder = path[: path.find("/", 1) + 1]
        if len(folder) < 4 or path.count("/") < 3:
            return ""
        alike = [url for url in self.seen if url.partition(folder)[2].count("/") == path.count("/") - 2]
        if not alike or any(host_of(url) == host_of(self.base) for url in alike):
            return ""
        return alike[0].partition(folder)[0]

    def by_id(self, value: object) -> list[str]:
        """The page's own images that have an id in their address."""
        token = str(value)
        if not 5 <= len(token) <= 80 or isinstance(value, bool):
            return []
        if self._tokens is None:
            self._tokens = {}
            for url in self.seen:
                for part in set(re.split(r"[/?&=.]", url)) | set(re.split(r"[^A-Za-z0-9]+", url)):
                    if len(part) >= 5:
                        self._tokens.setdefault(part, []).append(url)
        if (found := self._tokens.get(token)) or len(token) < 8:
            return found or []
        self._tokens[token] = [url for url in self.seen if token in url]
        return self._tokens[token]


def is_address(value: object, *, surely_photo: bool) -> bool:
    """Can a string be the address of a photo? `surely_photo`: its key says so, so that it needs no extension."""
    if not isinstance(value, str) or not 4 < len(value) < MAX_LENGTH or "<" in value or "\n" in value.strip():
        return False
    text = value.strip()
    if "($" in text:  # w_($width): a place for a size that we cannot put in
        return False
    if text.endswith(("undefined", "null", "NaN")):  # what a script put in where it had nothing
        return False
    if _NO_IMAGE.search(text) or (" " in text and not EXTENSION.search(text)):
        return False
    if _SCRIPT.search(text):
        return surely_photo and bool(_OF_FILES.search(text))
    if EXTENSION.search(text):
        return "/" in text or "." in text[1:]
    if not surely_photo:
        return False
    return text.startswith(("http://", "https://", "//", "/")) or bool(_HOST.match(text) and text.count("/") > 1)


def of_one_file(href: str, written: Iterable[tuple[str, int]]) -> bool:
    """Does a link lead to the file that one of the addresses `written` shows small: file.php?id=9912 behind
    file.php?id=9912&t=1?"""
    if len(href) > MAX_LENGTH:
        return False
    script, _, query = href.partition("?")
    ids = {one for one in query.split("&") if re.search(r"\d", one)}
    return bool(_OF_FILES.search(href)) and any(
        script == other.partition("?")[0] and not ids.isdisjoint(other.partition("?")[2].split("&"))
        for other, _ in written
    )
