"""The addresses of one photo in several sizes: which belong together, which is the largest, what a larger one
may be.

Sites write a size in five places; `KINDS` is the table of them. `stem` is an address without its size: two
addresses with one stem are one photo, as far as they stand in one listing. `larger` is an address that most sites
answer with the whole photo; it is a guess, so the one given always stays beside it, to be asked when the guess is
refused.
"""

import base64
import binascii
import json
import re
from collections.abc import Iterable
from functools import lru_cache
from urllib.parse import parse_qsl, quote, unquote, urlencode, urlsplit, urlunsplit

from curate.fetch.http.signed_url import unsigned
from curate.fetch.http.url import path_of

IMAGE_SUFFIX = r"\.(?:jpe?g|jfif|png|webp|avif|gif|heic|bmp)"
_WORDS = (
    r"(?:x{0,3}[sl]|[sml]|xx?-?(?:small|large)|thumb(?:s|nail|nails|s?_?\d+(?:x\d+)?)?|thmb|tn\d?|tmb|th\d?|icon|small\d?|mini|medium\d?|"
    r"mid|normal|middle|large\d?|big\d?|huge|full(?:size|_?hd)?|orig(?:inal|inals)?|preview\d?|hd|uhd|sd|lowres|hires|zoom|"
    r"square|tile|card|lg|md|sm|xlarge|x2large|grande|compact|master|pico|list(?:ing)?_?(?:thumb|small|large)|lightbox|"
    r"petite?s?|moyen(?:ne)?s?|grand(?:es|s)?|vignettes?|miniatur\w{1,3}|gross|groot|klein|mittel|pequen[oa]s?|median[oa]s?|"
    r"retina|scaled|cover|[1-4]x|detail|gallery(?:_\w{1,10})?)"
)
_PIXELS = (
    r"(?:(?:thumb)?\d{2,4}[x×]\d{0,4}|[x×]\d{2,4}|(?:w|h|s|f|width|height|size|max|im_?w)[-_=]?\d{2,4}|"
    r"\d{2,4}(?:w|h|px))"
)
_NAME_PIXELS = r"(?:\d{2,4}[x×]\d{0,4}|[x×]\d{2,4}|[wh]_?\d{2,4}|\d{2,4}(?:w|h|px))"
_MODES = r"(?:c|crop|cropped|fit|fill|pad|n|f|q\d{1,3}|a\d?|@[1-4]x|center|top|auto|smart|cc|webp|jpg)"

# Names of parameters whose address is put on a photo, or shown in its place.
_MARKS = r"wt?mk|water_?mark|overlay|stamp|fallback|placeholder"
# Where the size stands -> what to take out of an address.
KINDS: dict[str, re.Pattern[str]] = {
    # ?w=300&fit=crop: names of parameters that ask for a rendering
    "query": re.compile(
        r"(?:im|[a-z]{2,4}_)?(?:w|h|s|wid|hei|width|height|size|sz|maxwidth|maxheight|max-?[wh]|max_(?:width|height)|odnwidth|odnheight|"
        r"resize|downsize|downscale|fit|fitin|crop|scale|quality|qlt|q|dpr|auto|format|fm|fmt|rule|impolicy|imformat|policy|"
        r"preset|strip|optimi[sz]e|bg|odnbg|mode|output|output-quality|compress|cs|sharp|ixlib|thumb|thumbnail|variant|"
        r"rendition|resolution|versionid|method|bgtype|width_px|op_sharpen|op_usm|resmode|shrink|interpolation|jpg|webp|upscale|"
        rf"{_MARKS})",
        re.IGNORECASE,
    ),
    # /300x200/, /w_300,h_200,c_fill/, /resize/…, /thumb/: a whole segment of the path
    "segment": re.compile(
        rf"{_PIXELS}(?:[-_,:x]?{_MODES})*|{_WORDS}|images?|imgs?|photos?|pictures?|pics?|fotos?|bilder|(?:image)?(?:resize|fit-in|smart|filters:[^/]*|quality|format|cdn-cgi|unsafe)"
        rf"|(?![\w.:-]*\d{{6}})[a-z]{{1,4}}_[\w.:-]{{1,20}}(?:,[a-z]{{1,4}}_[\w.:-]{{1,20}})*|(?:(?:width|height|w|h|f|q|fit|quality|format|"
        rf"gravity|onerror|dpr|metadata)=[^,/]{{1,20}},?)+|s--[\w-]{{4,12}}--|rs:[^/]*|t_[\w$-]{{1,20}}|q\d{{1,3}}|cache",
        re.IGNORECASE,
    ),
    # photo.jpg/250x188.webp, photo.jpg!small, photo.jpg@300w, photo.jpg_300x300.jpg: whatever comes after the name
    "after_name": re.compile(rf"(?<=.)({IMAGE_SUFFIX})(?:[/!@_~;:]|-\d{{2,4}}x).*$", re.IGNORECASE),
    # photo_600x400.jpg, photo-thumb.jpg, photo_001S.jpg, s-l300.jpg, thmb_photo.jpg: part of the name
    "name": re.compile(
        rf"(?:[-_.](?:{_NAME_PIXELS}|{_WORDS}|t)(?:[-_.]?{_MODES})*(?:_x2)?)+$|_[bz]$|(?<=\d)[sml]$|\.\d{{3,4}}$|"
        rf"-(?:cc_ft|uncropped_scaled_within|full|p|sc|ft|rd|od)_[\w]{{1,12}}$|^s-l\d{{2,4}}$|"
        rf"(?<=\d)(?:s|t|x|l|rd|od|xd)(?:-w\d+_h\d+(?:_x2)?)?$|(?<=\d{{6}})(?:[smb]x|fx?|hd|m|b)$",
        re.IGNORECASE,
    ),
    # /photos/17/large.jpg, /a1b2/gen272x204.jpg: the whole name
    "whole_name": re.compile(
        rf"{_WORDS}|\d{{2,4}}x\d{{2,4}}{_MODES}?|s-l\d+|(?:gen|size|max|[wh])\d{{2,4}}(?:x\d{{2,4}})?",
        re.IGNORECASE,
    ),
    "name_start": re.compile(
        r"^(?:thmb|lthmb|thumb|tn|big|small|medium|large|slide|x\d|mini|preview|orig)[-_]|"
        r"^(?:[a-z]{1,3}_)?(?:\d{2,4}x(?:\d{2,4}|n)|fullxfull)(?:_[a-z]?\d{1,3})*[-_.](?=.{6})",
        re.IGNORECASE,
    ),
    # img1.site, img2.site, thumbs.site: the first label of the host
    "host": re.compile(r"^[a-z0-9-]+(?=\.[a-z0-9-]+\.[a-z])", re.IGNORECASE),
}
_SIZE_WORD = re.compile(_WORDS, re.IGNORECASE)
_SIGNED = re.compile(
    r"(?:^|&)(?:sig|signature|s|token|expires|exp|hash|hmac|oh|oe|key-pair-id|x-amz-\w+|policy)=[^&]{8,}", re.I
)
_MAY_NAME = {"hash", "s", "token"}  # a signature, or what names the photo where its path does not
_COUNTRY = re.compile(
    r"(?=[a-z0-9]*\d)([a-z0-9]{8,})-[A-Z]{2}(?=[./?]|$)"
)  # 1lifg37rh4oq1-IN: the photo 1lifg37rh4oq1
_BESIDE_THE_PHOTO = re.compile(
    rf"{IMAGE_SUFFIX}\?(?:[^/]*&)?(?:{_MARKS})(?:_?(?:url|path|img|image))?=$", re.IGNORECASE
)
_INNER = re.compile(r"https?(?::|%3a)(?:/|%2f){2}", re.IGNORECASE)
_ASKED = re.compile(  # numbers that can be nothing but a size
    r"(?<![0-9a-f])(?:s-l(\d{2,4})|(\d{2,4})[x×,](\d{2,4})c?|[wshv][-_=:]?l?(\d{2,4})|(\d{3,4})(?:w|px)|(\d{3,4})x)"
    r"(?![0-9a-f])",
    re.IGNORECASE,
)
_NUMBER = re.compile(r"(?<![0-9a-f])(\d{3,4})(?![0-9a-f])", re.IGNORECASE)
_FOLDER = re.compile(
    rf"(?<=\d{{5}})[-_.](?:v\d{{2,4}}|{_NAME_PIXELS}|{_WORDS})$|(?<=\d)-[a-z]{{2,12}}_default$", re.IGNORECASE
)  # /123456-640x480/a.jpg, /12-home_default/a.jpg
_RENDERING = re.compile(r"(?<!\d)\d{2,4}[x×,]\d{2,4}(?!\d)")  # ?fl=res,480,360: a size within a value
_TWO_SIDES = re.compile(  # /480/360/1f0c….jpg, /image/312/312/…; a number in two parts is none
    r"/(?:\d{3,4}/\d{2,4}|\d{2}/\d{3,4})/(?=[0-9a-f]{16,}[^/]*$)|"
    r"(?<=/image)/(?:(\d{3,4})/\1|1280/960|1024/768|800/600|640/480)/"
)
_SCALED = re.compile(
    r"/\w{0,9}(?:crop|resize)\w{0,6}/\d{2,4}[x/]\d{2,4}/(?=.{12})"
)  # /resize/602/339/a/b/photo.jpg
_CACHED = re.compile(r"(?<=/cache)(/(?:[\w-]+/){0,3}?)[0-9a-f]{32}/")  # /cache/1/image/0f1c…/a/b/photo.jpg
_CODED = re.compile(r"[-_]([MNO][A-Za-z0-9]{9,60})(?=\.|$)")  # base64 of what begins with a digit
_IDENTITY = re.compile(r"\d{6}|[0-9a-f]{12}", re.IGNORECASE)
_EDGE = r"(?=[-_./]|$)"
_RANKS = tuple(
    (re.compile(rf"(?:(?<=^)|(?<=[-_./])|(?<=\d)(?=[sml]\.))(?:{words}){_EDGE}", re.IGNORECASE), rank)
    for words, rank in (
        (r"orig(?:inal|inals)?|full(?:size|xfull)?|master|zoom|uhd|xxl|huge|hires", 4000),
        (r"xl|x-?large", 1600),
        (r"big|large|hd|lg|grand(?:es?|s)?|gross|groot|lightbox|l|b", 1400),
        (
            r"thumb\w*|thmb|tn|small|petite?s?|klein|pequen[oa]s?|vignettes?|mini(?:atur\w{1,3})?|icon|xs|sm|preview\d?|tile|t|s|th\d?",
            150,
        ),
        (r"medium|moyen(?:ne)?s?|mittel|median[oa]s?|normal|middle|mid|md|m|compact", 500),
    )
)
WHOLE, SMALL = 4000, 150  # what a page calls the whole photo, and a small one
UNKNOWN = 900  # an address that names no size: larger than a preview, smaller than what is called large


def inner(url: str) -> str:
    """The address of the photo itself inside that of a service which scales it, or ``url`` where there is none."""
    for match in _INNER.finditer(url, 8, 4_000):
        if _BESIDE_THE_PHOTO.search(url, 0, match.start()):
            continue  # a.jpg?watermark=https://…
        rest = url[match.start() :]
        if "%3a" in rest[:9].lower():
            rest = unquote(rest.partition("&")[0])
        elif url[match.start() - 1] == "=":
            rest = rest.partition("&")[0]
        return rest.partition("@")[0] if rest.endswith(("@jpg", "@webp", "@png")) else rest
    return url


def _bucket_key(path: str) -> str:
    """The object that a base64 path of an image handler names."""
    for segment in path.split("/"):
        if segment.startswith("eyJ") and len(segment) < 4_000:
            try:
                data = json.loads(base64.urlsafe_b64decode(segment + "=" * (-len(segment) % 4)))
            except (ValueError, binascii.Error, RecursionError):
                continue
            if isinstance(data, dict) and isinstance(data.get("key"), str):
                return str(data["key"])
    return ""


def _decoded(path: str) -> str:
    """A path with sizes in place of their base64 in its names: 17_300x400.jpg for 17_MzAwLTQwMC04ZDFh.jpg."""

    def plain(match: re.Match[str]) -> str:
        try:
            said = base64.urlsafe_b64decode(match[1] + "=" * (-len(match[1]) % 4)).decode("ascii")
        except (ValueError, binascii.Error):
            return match[0]
        size = re.match(r"(\d{2,4})[-x_](\d{2,4})(?!\d)", said)
        return f"{match[0][0]}{size[1]}x{size[2]}" if size else match[0]

    return _CODED.sub(plain, path)


@lru_cache(maxsize=20_000)
def stem(url: str) -> str:
    """What two addresses of one photo share: the address without sizes, host number, scheme and format."""
    url = inner(url[:8_192])
    try:
        parts = urlsplit(url)
    except ValueError:  # no address at all
        return url
    if key := _bucket_key(parts.path):
        return key
    path = _COUNTRY.sub(r"\1", _decoded(unquote(parts.path)))
    path = KINDS["after_name"].sub(r"\1", re.sub(r";[^/]*$", "", path))
    path = _CACHED.sub(r"\1", _TWO_SIDES.sub("/", _SCALED.sub("/", path)))
    *folders, name = path.split("/")
    kept = [_FOLDER.sub("", folder) for folder in folders if folder and not KINDS["segment"].fullmatch(folder)]
    base = re.sub(rf"(?:{IMAGE_SUFFIX})+$", "", name, flags=re.IGNORECASE)
    short = KINDS["name_start"].sub("", KINDS["name"].sub("", base))
    if kept and KINDS["whole_name"].fullmatch(base):
        short = ""  # the whole name is a size: /photos/17/large.jpg
    elif not re.search(r"[^\W_]", short):
        short = base
    names_it = re.search(rf"{IMAGE_SUFFIX}|{_IDENTITY.pattern}", path, re.IGNORECASE)
    few = parts.query.count("&") < 100
    fields = parse_qsl(urlsplit(unsigned(url)).query, keep_blank_values=True, max_num_fields=200) if few else []
    by_policy = names_it and any(name.lower() == "impolicy" for name, _ in fields)  # all others are its values
    query = [
        (name, value)
        for name, value in ([] if by_policy else fields)
        if not (_SIGNED.match(f"{name}={value}") and (names_it or name.lower() not in _MAY_NAME))
        and (not KINDS["query"].fullmatch(name) or re.fullmatch(r"\d?", value))
        and not (_RENDERING.search(value) and not _IDENTITY.search(value))
    ]
    host = KINDS["host"].sub("*", parts.netloc.lower())
    return "/".join([host, *kept, short]) + (f"?{urlencode(query)}" if query else "")


@lru_cache(maxsize=2_048)
def is_size(word: str) -> bool:
    """Is a word of an address one for a size? So is an empty one: there the stem has left a size out."""
    return not word or bool(_SIZE_WORD.fullmatch(word))


def _plausible(numbers: Iterable[str]) -> list[int]:
    return [size for number in numbers if 30 <= (size := int(number)) <= 6000]


def _end(url: str) -> str:
    """The part of an address that may name a size."""
    return _decoded(unquote(path_of(url))[-400:])


@lru_cache(maxsize=20_000)
def asked(url: str) -> int:
    """The longer side in pixels that an address names, as in ``w=300`` or ``800x600``; 0 where it names none."""
    return max(_plausible(n for match in _ASKED.finditer(_end(url)) for n in match.groups() if n), default=0)


@lru_cache(maxsize=20_000)
def pixels(url: str) -> int:
    """A guess at the longer side that an address asks for, to compare sizes of one photo."""
    if size := asked(url):
        return size
    text = _end(url)
    whole, *ranks = _RANKS
    if whole[0].search(text):
        return whole[1]
    numbers = [n for n in _plausible(_NUMBER.findall(text)) if n not in range(1950, 2040)]
    if numbers:
        return max(numbers)
    return next((rank for pattern, rank in ranks if pattern.search(text)), UNKNOWN)


def larger(url: str) -> str:
    """An address that should give the whole photo, or ``url`` where none is known. Signed addresses stay."""
    if (whole := inner(url)) != url:
        return whole if re.search(rf"{IMAGE_SUFFIX}(?:$|\?)", whole, re.IGNORECASE) else url
    try:
        parts = urlsplit(url)
    except ValueError:
        return url
    if _SIGNED.search(parts.query) or "/s--" in parts.path or "/eyJ" in parts.path:
        return url
    path, query = parts.path, parts.query
    path = re.sub(rf"({IMAGE_SUFFIX})/\d{{2,4}}x\d{{2,4}}(?:\.\w{{3,4}})?$", r"\1", path, flags=re.IGNORECASE)
    path = re.sub(
        rf"({IMAGE_SUFFIX})[-_]\d{{2,4}}x\d{{0,4}}[\w-]*(?:{IMAGE_SUFFIX})?$", r"\1", path, flags=re.IGNORECASE
    )
    path = _SCALED.sub("/", path)
    path = re.sub(r"(/media/catalog/product)/cache/(?:\d+/)?(?:\w+/)*?[0-9a-f]{32}/", r"\1/", path)
    if "/wp-content/" in path or "/uploads/" in path:
        path = re.sub(rf"-\d{{2,4}}x\d{{2,4}}(?={IMAGE_SUFFIX}$)", "", path)
    if path.startswith("/s/files/") or "/cdn/shop/" in path:
        path = re.sub(rf"_(?:\d{{2,4}}x\d{{0,4}}|x\d{{2,4}}|pico|icon|thumb|small|compact|medium|large|grande)(?:_crop_\w+)?(?:@[23]x)?(?={IMAGE_SUFFIX}$)", "", path)  # fmt: skip  # noqa: E501
        query = urlencode([(n, v) for n, v in parse_qsl(query) if n == "v"])
    path = re.sub(rf"/s-l\d{{2,4}}(?={IMAGE_SUFFIX}$)", "/s-l1600", path)
    if parts.netloc.endswith("cloudinary.com"):
        path = re.sub(r"(/(?:upload|fetch))/(?:[a-z]{1,3}_[\w.:-]+(?:,[a-z]{1,3}_[\w.:-]+)*/)+", r"\1/", path)
    if parts.netloc.endswith(("googleusercontent.com", "ggpht.com")):
        path = re.sub(r"=[swh]\d+(?:-\w+)*$", "=s0", path)
    if query and path == parts.path:
        fields = parse_qsl(query, keep_blank_values=True, max_num_fields=200) if query.count("&") < 100 else []
        sizes = {
            "w",
            "h",
            "width",
            "height",
            "resize",
            "size",
            "imwidth",
            "imheight",
            "maxwidth",
            "maxheight",
            "wid",
            "hei",
        }
        names = {name.lower() for name, _ in fields}
        if (
            names & sizes
            and "rule" not in names
            and "impolicy" not in names
            and re.search(rf"{IMAGE_SUFFIX}$", path, re.I)
        ):
            query = urlencode([(n, v) for n, v in fields if not KINDS["query"].fullmatch(n)])
    return urlunsplit(parts._replace(path=path, query=query))


def quoted(url: str) -> str:
    """An address as it is sent: spaces and letters outside ASCII percent-encoded."""
    return quote(url, safe="!#$%&'()*+,/:;=?@[]~")
