"""Dates out of what sites write, as ISO 8601, and the date that a text says an advert was put in."""

import re
from datetime import UTC, datetime

from curate.fetch.sources.values import text

_MAX_DATE = 100  # characters looked at for a date

# How the names of the months begin, in the languages of most sites; of two the longer one is tried first.
_MONTHS = {
    1: "jan yan ene gen sty oca ian янв січ led tammi siječ",
    2: "feb fév fev lut şub úno helmi фев лют velj",
    3: "mar mär maa már bře мар бер ožuj",
    4: "apr avr abr kwi nis dub ápr huhti апр кві trav",
    5: "may mai mag maj mei máj kvě touko май мая тра svib",
    6: "jun juin iyun giu cze haz čer iun jún kesä июн чер lipnj lipanj",
    7: "jul juil iyul lug lip tem červenc červene iul júl heinä июл лип srpnj srpanj",
    8: "aug avq ago aoû sie ağu srp elo авг сер kolovoz",
    9: "sep sen set wrz eyl zář sze syys сен вер ruj",
    10: "oct okt ott out paź eki říj loka окт жов",
    11: "nov noy lis kas marras ноя лис studen",
    12: "dec dek dez dic déc gru ara pro joulu дек гру",
}
_BEGINNINGS = sorted(
    ((name, month) for month, names in _MONTHS.items() for name in names.split()), key=lambda item: -len(item[0])
)
_NAME = r"([^\W\d_]{3,12})"
_DATES = re.compile(
    r"(?P<y>\d{4})[-./](?P<m>\d{1,2})[-./](?P<d>\d{1,2})(?:[T ](?P<t>[0-9]{2}:[0-9]{2}(?::[0-9]{2})?))?(?!\d)|"
    r"(?<!\d)(?P<d1>\d{1,2})(?P<sign>[./])(?P<m1>\d{1,2})[./](?P<y1>\d{4})(?!\d)|"
    r"(?P<y2>\d{4})\s?[年년]\s?(?P<m2>\d{1,2})\s?[月월]\s?(?P<d2>\d{1,2})\s?[日일]|"
    rf"(?<!\d)(?P<d3>\d{{1,2}})(?:\.|st|nd|rd|th|er|º)?\s(?:de\s)?{_NAME}\.?,?\s(?:del?\s)?(?P<y3>\d{{4}})(?!\d)|"
    rf"\b{_NAME}\.?\s(?P<d4>\d{{1,2}})(?:st|nd|rd|th)?,?\s(?P<y4>\d{{4}})(?!\d)"
)
_POSTED = re.compile(  # what stands before the date on which an advert was put in
    r"(?i)(?:posted|listed|published|added|created|(?:advertised|online|on (?:the )?(?:site|market)) since|"
    r"inseriert|eingestellt|veröffentlicht|erstellt|angelegt|anzeige vom|inserat vom|online seit|"
    r"publiée?|mise? en ligne|déposée?|ajoutée?|parue?|publicad[oa]|anunciado|creado|criado|"
    r"pubblicat[oa]|inserit[oa]|"
    r"dodan[oaey]|opublikowan[oae]|wystawion[oae]|vložen[oaý]|přidán[oaý]|pridané|"
    r"zveřejněn[oa]|geplaatst|toegevoegd|aangeboden sinds|"
    r"publicerad|inlagd|upplagd|lagt (?:ut|ind)|publisert|opprettet|oprettet|"
    r"indrykket|lisätty|julkaistu|ilmoitettu|"
    r"feladva|hirdetés feladás\w*|közzétéve|objavljen[oa]?|postavljen[oa]?|adăugat|publicat|"
    r"ilan tarihi|eklenme tarihi|yayın\w* tarihi|yaradıldı|"
    r"размещен\w*|опубликован\w*|добавлен\w*|создан\w*|подан\w*|додан\w*|розміщен\w*|"
    r"δημοσιεύ\w+|καταχωρ\w+|تاريخ النشر|掲載日|登録日|公開日|投稿日|发布|發布|刊登|上架|등록일|게시일)"
    r"(?: (?:date|datum|on|am|le|el|il|em|dne|dnia|op|den|den|:))?[\s:：·\-–]{0,4}$"
)
_LABEL = 34  # characters before a date in which its label stands


def _of_name(name: str) -> int:
    name = name.casefold()
    return next((month for beginning, month in _BEGINNINGS if name.startswith(beginning)), 0)


def _iso(match: re.Match[str]) -> str:
    """The date of a match; empty where it is none, or where the month of 04/05/2026 is not sure."""
    found = match.groupdict()
    if found["y1"] and found["sign"] == "/" and int(found["d1"]) < 13:
        return ""
    year, month, day = next(
        (found[f"y{kind}"], found.get(f"m{kind}"), found[f"d{kind}"])
        for kind in ("", "1", "2", "3", "4")
        if found[f"y{kind}"]
    )
    number = (
        int(month) if month else next((_of_name(text) for text in match.groups() if text and text.isalpha()), 0)
    )
    if not (1900 <= int(year) < 2100 and 0 < number < 13 and 0 < int(day) < 32):
        return ""
    return f"{int(year)}-{number:02}-{int(day):02}" + (f"T{found['t']}" if found["t"] else "")


def moment(value: object) -> str:
    """A date as ISO 8601: of seconds or milliseconds since 1970, of "2026-04-14T17:44:02Z", "14.04.2026",
    "14 avril 2026". Other text stays as it is: the month of 04/05/2026 and the day of "yesterday" are not sure."""
    if isinstance(value, int | float) and not isinstance(value, bool):
        seconds = value / 1000 if value > 4e9 else value
        if not 0 <= seconds < 4e9:
            return ""
        return datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    words = text(value)[:_MAX_DATE]
    if re.fullmatch(r"\d{10}|\d{13}", words):
        return moment(int(words))
    match = _DATES.search(words)
    return (match and _iso(match)) or words


def alone(words: str) -> str:
    """The date that is all of a text; empty where it is none."""
    match = _DATES.fullmatch(words)
    return _iso(match) if match else ""


def is_posted(label: str) -> bool:
    """Does a label say that the date beside it is the one on which an advert was put in?"""
    return bool(_POSTED.search(label[-_LABEL:]))


def posted_in(words: str) -> str:
    """The date that a text says an advert was put in, as in "Inseriert: 10.11.2026"; empty where it says none."""
    for match in _DATES.finditer(words):
        if is_posted(words[: match.start()]) and (found := _iso(match)):
            return found
    return ""
