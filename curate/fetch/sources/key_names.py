"""What keys of foreign data mean, by their names in the languages and spellings that sites use.

`role(key)` of `adId`, `ad_id` and `AD-ID` is the same. Names are compared without case, spaces and punctuation.
"""

import re
import unicodedata
from functools import lru_cache

from curate.fetch.sources.field_names import FIELDS

_PHOTO = re.compile(
    r"image|img(?!ine)|photo|pictur|^pics?$|pics?url|^pic\d|gallery|galler|galeri|foto|bild(?:er)?$|"
    r"^bilder|thumb|^media|"
    r"medias$|mediaurls?|multimedia|^cover|afbeelding|immagin|imagen|imagem|zdjec|zdjęc|obraz|slika|slike|"
    r"kuva|resim|"
    r"görsel|фот|снимк|картинк|изображ|εικόν|φωτο|صورة|صور|عکس|画像|写真|사진|图片|圖片|照片|vignette|"
    r"visuel|^slides$|^slideshow|"
    r"^attachments$|^carousel|carouselphotos|^assets$|^fichiers|^kep(?:ek)?$|^képek"
)
_NO_PHOTO = re.compile(
    r"logo|icon|avatar|profile|userpic|badge|banner|background|placeholder|flag|sprite|brandimage|"
    r"makeimage|makerimage|"
    r"categoryimage|bodytypeimage|agentp|agenti|dealeri|dealerp|selleri|sellerp|authori|ownerp|qrcode|"
    r"staticmap|mapimage|"
    r"^imap|floorplan|floormap|virtualtour|video|count|total|number|^nb|quantity|width|height|ratio|alt$|"
    r"caption|size$|sizes$|"
    r"type$|status|enabled|^has|^is|^max|^min|visible|quality|format$|domain|server|hoster|permission|"
    r"^show|credits?|"
    r"seal|award|medal|stamp|emblem|siegel|keurmerk|ogimage|socialimage|shareimage|seoimage|colorimage|"
    r"swatch|certificat|bodystyle|emptyimage|noimage|defaultimage|fallback"
)  # fmt: skip
_OTHER_MEDIA = re.compile(
    r"^spins?(?!n)|^360[a-z]|(?:view|tour|image|photo|exterior|interior)s?360$|panoram|virtualtour|"
    r"floorplan|^blueprints?$|"
    r"^videos?(?!.*photo)|brochure|^logos?$|hotspots?$"
)
_BESIDE = re.compile(
    r"similar|related|recommend|suggest|alsoview|alsolike|alsobought|othersviewed|youmay|mightlike|"
    r"recently|lastview|"
    r"lastseen|history|crosssell|upsell|morefrom|moreads|morelikes?this|othercars|otherads|otherlistings|"
    r"otheroffers|"
    r"othervehicles|fromthisseller|fromseller|sellerads|dealerads|dealerstock|sponsor|promoted|"
    r"promo(?:tion)?s?$|^ads?banner|"
    r"advertisements?(?:slot|banner|unit|block|zone)|spotlight|top(?:ads|block|listings)|topoffers|"
    r"premiumads|featured|nearby|nearest|"
    r"compar|alternativ|trending|popular|"
    r"bestseller|newarrivals|upcoming|latest|carouselads|inspiration|ähnlich|aehnlich|weitereanzeigen|similaires|"
    r"relacionad|recomendad|podobn|polecane|похож|рекоменд|benzer|gerelateerd|vergelijkbar|liknande|"
    r"lignende|simili|"
    r"correlat|consigliat|hasonló|slicn|favorit|wishlist|savedads|breadcrumb|navigation|menu|footer|"
    r"header$|faq|review|"
    r"^map(?:results|listings|items|pins|markers|data)$|markers$|"
    r"blog|article|news|testimonial|landmark|newcar|videos|priceTrend"
)  # fmt: skip
_PARTY = re.compile(
    r"^(?:seller|dealer|dealership|owner|user|author|agent|agents|agency|broker|brokers|expert|advertiser|"
    r"advertisers|contact|"
    r"contacts|company|vendor|merchant|store|shop|customer|member|account|organi[sz]ation|publisher|"
    r"provider|poster|profile|"
    r"listedby|office|branch|developer|builder|manufacturerinfo|bank|finance|financing|insurance|warranty|"
    r"leasing|"
    r"verkäufer|anbieter|vendeur|vendedor|venditore|sprzedawca|verkoper|anunciante)(?:info|data|details|"
    r"detail|link|s)?$"
)
_OTHER_PARTY = re.compile(
    r"^(?:bank|financ|insurance|warranty|leasing|publisher|provider|builder|developer|manufacturer|expert)"
)
_SELLS = re.compile(
    r"(?:listing|item|product|vehicle|advert)s?(?:seller|dealer|owner|vendor|advertiser|agent|poster|company|agency|office|broker)$"
)
_ATTRIBUTES = re.compile(
    r"^(?:main|primary|secondary|special)?(?:params?|parameters?|attributes?|attrs?|properties|features?|details?|specs?|specifications?|"
    r"characteristics?|"
    r"keyfacts|keyinfo|keyspecs|highlights|vehicledetails|cardetails|technicaldetails|technicaldata|facts|"
    r"extendedattributes|"
    r"additionalproperty|customfields|fields|options|overview|infos?|merkmale|criteria|caracteristicas|"
    r"searchattributes|attributeslist|tags|labels|summary|data|items|rows|extraattributes|formattedattributes)$"
)
_SIZE = re.compile(
    r"^(?:url|src|href|uri|link|path|file|full|fullsize|original|orig|xxl|xl|l|m|s|xs|large|big|medium|"
    r"small|thumb|thumbs|"
    r"thumbnail|thumbnails|mini|preview|normal|hd|default|zoom|mobile|desktop|tablet|webp|jpe?g|avif|png|"
    r"retina|max|min|"
    r"\d{2,4}(?:x\d{2,4})?|x\d{2,4}|w\d{2,4}|(?:urls?|img|image|photo|picture|pic|size|resized?image)\w{0,30})$"
)


@lru_cache(maxsize=20_000)
def plain(key: str) -> str:
    """A key without case, spaces and punctuation, and without the arguments of a query: city({"locale":"CS"})."""
    bare = key[: max(0, key.find("({"))] if key.endswith("})") else ""
    return re.sub(r"[\W_]+", "", (bare or key).casefold())


_ROLES = {
    name: (field, rank) for field, names in FIELDS.items() for rank, name in reversed(list(enumerate(names)))
}


_OF_THE_LISTING = re.compile(
    r"((?:listing|advert|vehicle|product|classified)(?:title|name|price|id))$|"
    r"^(?:motor(?:bike|cycle)?|moto|bike|car|auto|truck|boat|phone|mobile|product|item|watch|device|"
    r"machine|equipment|"
    r"tractor|ad|vehicle|listing)s?((?:brand|make|model|mark|manufacturer)(?:name)?|year|city|region|"
    r"province|sellertype)$"
)
_LANGUAGE = re.compile(r"(?<=[a-z])(?:Ar|En|Fr|De|Ru|Ka|He)$|(?<=[a-z])_(?:ar|en|fr|de|ru|ka|he)$")  # makeNameEn
_FIELD_TYPE = re.compile(r"(?<=[^\W_])_(?:s|ss|t|txt|d|i|l|f|b)$")  # of a search index: grad_s
_WHO = r"(?:business|company|professional|pro|dealer|shop|agency|agent|store|trader|broker|private|owner)"
_OF_WHOM = r"(?:ad|seller|user|account|listing|offer|advert|owner)"
_FLAG = re.compile(  # of true and false: is the seller one? A property may be commercial, and have a store
    rf"^(?:(?:is|has)?(?:commercial|{_WHO}){_OF_WHOM}|(?:seller|user|advertiser|vendor)?is{_WHO}|dealer|professional)$"
)


def unaccented(text: str) -> str:
    """A text without the accents of its letters."""
    return "".join(sign for sign in unicodedata.normalize("NFKD", text) if not unicodedata.combining(sign))


@lru_cache(maxsize=20_000)
def role(key: str) -> tuple[str, int]:
    """(field, rank) of a key; ("", 0) for one that means nothing to us. A smaller rank tells more."""
    name = plain(_FIELD_TYPE.sub("", key))
    if name in _ROLES:
        return _ROLES[name]
    if match := _OF_THE_LISTING.search(name):
        name = match[1] or match[2]  # marketplace_listing_title, motorbikebrand_name
    if (found := _ROLES.get(unaccented(name), ("", 0)))[0] in ("year", "make", "model"):
        return found  # Godište; but Lån is a loan, and lan a region
    if match := _LANGUAGE.search(key):
        field, rank = role(key[: match.start()])
        if field in ("make", "model", "city", "region", "place"):
            return field, rank + ("en" not in match[0].lower())
    return _ROLES.get(
        re.sub(r"(?:info|data|details?|obj|object|text|label|literal|(?<!^model)value)$", "", name), ("", 0)
    )


def is_field(key: str) -> bool:
    """Is the key the whole name of a field, rather than one that ends in a name: no `similarProductId`?"""
    return plain(key) in _ROLES


@lru_cache(maxsize=20_000)
def is_photo(key: str) -> bool:
    """Does the key name photos of the listing?"""
    name = plain(key)
    return bool(_PHOTO.search(name)) and not _NO_PHOTO.search(name)


@lru_cache(maxsize=20_000)
def is_no_photo(key: str) -> bool:
    """Does the key name pictures that are none of the listing: logos, icons, maps?"""
    return bool(_NO_PHOTO.search(plain(key)))


@lru_cache(maxsize=20_000)
def is_other_media(key: str) -> bool:
    """Does the key name what is shown beside the photos: frames of a turning car, plans, videos, documents?"""
    return bool(_OTHER_MEDIA.search(plain(key)))


@lru_cache(maxsize=20_000)
def is_beside(key: str) -> bool:
    """Does the key name other listings: similar, recommended, promoted?"""
    return bool(_BESIDE.search(plain(key)))


@lru_cache(maxsize=20_000)
def is_party(key: str) -> bool:
    """Does the key name a person or firm?"""
    name = plain(key)
    return bool(_PARTY.search(name)) or (bool(_SELLS.search(name)) and not role(key)[0] and name[:2] != "is")


@lru_cache(maxsize=20_000)
def is_seller(key: str) -> bool:
    """Does the key name a person or firm that may be who sells: no bank, no insurance, no maker, no site?"""
    return is_party(key) and not _OTHER_PARTY.search(plain(key))


@lru_cache(maxsize=20_000)
def is_of_kind(key: str) -> bool:
    """Does the key name the make or model of a listing, whose pictures show any of that kind?"""
    return role(key)[0] in ("make", "model")


@lru_cache(maxsize=20_000)
def is_flag(key: str) -> bool:
    """Does the key, of true or false, say whether the seller is a dealer or a person, such as company_ad?"""
    return bool(_FLAG.search(plain(key)))


@lru_cache(maxsize=20_000)
def is_attributes(key: str) -> bool:
    """Does the key name a list of names and values?"""
    return bool(_ATTRIBUTES.search(plain(key)))


_SIZES = tuple(
    (re.compile(pattern), size)
    for pattern, size in (
        (r"extrasmall|thumb|thmb|mini(?!v)|tiny|icon|^xs$|lowres", 100),
        (r"small|preview|^s$", 200),
        (r"medium|normal|mobile|^m$", 500),
        (r"extra(?:extra)?large|xxl|xlarge|orig|(?<!non)full|zoom|hires|highres|master|^max$", 4000),
        (r"large|big|^x?l$|^hd$", 1400),
    )
)
_SIZE_NUMBER = re.compile(r"(?<!\d)(\d{2,4})x(\d{2,4})(?!\d)|(?<!\d)(\d{3,4})(?!\d)")


@lru_cache(maxsize=20_000)
def size_of(key: str) -> int:
    """The longer side in pixels of the photo that a key names, as in `size720x480` or `thumb`; 0 where it tells
    none."""
    name = plain(key)
    if numbers := [int(number) for pair in _SIZE_NUMBER.findall(name) for number in pair if number]:
        return max(numbers)
    return next((size for pattern, size in _SIZES if pattern.search(name)), 0)


@lru_cache(maxsize=20_000)
def is_size(key: str) -> bool:
    """Does the key name one size of a photo?"""
    return bool(_SIZE.search(plain(key)))
