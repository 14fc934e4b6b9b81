"""Town and region out of the text of a place: addresses, "region, town", Japanese and Korean ones. Linear time."""

import re

_MAX = 200  # characters looked at
_TAIL = re.compile(r"(?<=\S) ?\([^()]{1,60}\)$")  # Amsterdam (Bos en Lommer)
_POSTAL = re.compile(  # before the town, or behind it
    r"^(?:[A-Z]{1,3}[- ])?(?:\d{4} ?[A-Z]{2}|\d{3} \d{2}|\d{2}-\d{3}|\d{4}-\d{3}|\d{4,6})(?= [^\W\d_])|"
    r"(?<=[^\W\d_]) (?:\d{5}(?:-\d{4})?|\d{4,6}|[A-Z]{1,2}\d[A-Z\d]?(?: \d[A-Z]{2})?|[A-Z]\d[A-Z] \d[A-Z]\d)$"
)
_JAPAN = re.compile(
    r"(東京都|北海道|京都府|大阪府|[^\W\d_]{2,3}県)[ ,、　]{0,2}((?:[^\W\d_区]{1,6}?市|[^\W\d_]{1,5}?区|"
    r"(?:[^\W\d_]{1,4}郡)?[^\W\d_]{1,6}?[町村])?)"
)
_KOREA = re.compile(
    r"((?:서울|부산|대구|인천|광주|대전|울산|세종|경기|강원|충북|충남|전북|전남|경북|경남|제주|충청[남북]|"
    r"전라[남북]|경상[남북])"
    r"(?:특별시|광역시|특별자치시|특별자치도|도|시)?)(?: ([^\W\d_]{1,5}[시군구]))?(?![^\W_])"
)
_CHINA = re.compile(r"([^\W\d_]{2,3}省|[^\W\d_]{2,6}自治区)[ ,]?([^\W\d_]{1,6}?[市县州])?")
_REGION = re.compile(  # a part that calls itself a region
    r"(?i)(?<![^\W\d_])(?:обл\.?|область|област|край|kraj|okres|okrug|oblast|megye|woj\.?|województwo|"
    r"voivodeship|powiat|pow\.|county|co\.|"
    r"province|provincia|prov\.|prefecture|județ(?:ul)?|jud\.|län|fylke|maakunta|région|región|landkreis|kreis|"
    r"županija|municipality of|governorate|state of)(?![^\W\d_])|[県省道]$|[^\W\d_]ský kraj$|"
    r"(?<=[^\W\d_])(?:megye|län|fylke|maakond|apskritis|novads)$|"
    r"(?:harju|hiiu|viru|jõgeva|järva|lääne|põlva|pärnu|rapla|saare|tartu|valga|viljandi|võru|uusi|pirkan|pohjan)maa$|"
    r"^(?:capital|distrito) federal$"
)
_TOWN = re.compile(r"(?:гр|г|с|м|смт|пгт|пос|село|город|місто|град)\.? ?(?=[^\W\d_])(?<=[. ])|(?:gm|m)\. ")
_QUARTER = re.compile(r"^.{1,40}? (?:Mh|Mah|Mahallesi)\.? (?=\S)")  # before the town in Turkey
_STREET = re.compile(  # 12 Main St, Mill Road, Calle de Llagostera
    r"^\d+[a-zA-Z]? [^\W\d_]|(?i:(?<![^\W\d_])(?:road|street|st|avenue|ave|lane|drive|close|court|terrace|"
    r"rd|dr|ln|ct|pl|blvd|boulevard|hwy|highway|pkwy|cir|trl|"
    r"crescent|gardens|straße|strasse|allee|utca|gatan|vägen|gade|straat|laan|plein)\.?(?: \d+\w?)?$)|"
    r"(?i:^(?:rue|via|calle|avenida|avenue|ul\.|ulica|ул\.|улица|rua|carrer|piazza|corso|viale) )"
)
_WHOLE_STREET = re.compile(  # 12 Mill Road
    r"(?i)^\d+[a-z]? [^\W\d_].*(?<![^\W\d_])(?:road|street|st|avenue|ave|lane|drive|dr|close|court|terrace|"
    r"crescent|way|gardens|boulevard|blvd|rd|ln)\.?$"
)
_NUMBERED = re.compile(  # Hauptstr. 5, Vallgatan 4B; but Praha 5 and Quận 5 are quarters
    r"(?!(?:Praha|Prague|Prag|Wien|Vienna|Paris|Lyon|Marseille|Dublin|Budapest|Bratislava|București|Quận|District|"
    r"Distrito|Sector|Zona|Zone|Bezirk) \d)"
    r"[^\W\d_].* \d{1,4} ?[A-Za-z]?"
)
_NO_PLACE = re.compile(  # before the town, where Selangor » Petaling Jaya has its region
    r"(?i)home|start(?:seite)?|accueil|inicio|início|location|standort|ort|lieu|lugar|ubicación|plaats|luogo|"
    r"from|to|(?:all |used )?(?:cars?|autos?|vehicles?|ads|homes|boats)"
)
_LABEL = re.compile(r"^[^\W\d_]+(?: [^\W\d_]+){0,2}: (?=\S)")  # Equipment Location: Lubbock
_JAPANESE_CODE = re.compile(r"^〒?\s?\d{3}-?\d{4}\s?(?=[^\W\d_])(?![A-Za-zÀ-ž])")
_JAPANESE_TOWN = re.compile(r"[\u3040-\u30ff\u4e00-\u9fff]{2,5}[市区]")
_OUTWARD = re.compile(r"[A-Z]{1,2}\d{1,2}[A-Z]?")  # of a postal code: CB1
_TWO = re.compile(r"([^\W\d_a-zà-ž][^\d–-]{1,40}) [-–] ([^\W\d_a-zà-ž][^\d–]{1,40})")  # Palermo - Capital Federal
_TIME = re.compile(
    r"(?i)\d{1,2}:\d{2}|(?<!\d)(?:19|20)\d{2}(?!\d)|(?<![^\W\d_])(?:ago|today|yesterday|heute|gestern|"
    r"vor \d+|hier|aujourd'hui|il y a|hoy|"
    r"ayer|hace|oggi|ieri|hoje|ontem|vandaag|gisteren|dzi[sś](?:iaj)?|wczoraj|dnes|včera|bugün|dün|dünən|"
    r"tänään|eilen|idag|"
    r"i ?dag|igår|i ?går|azi|danas|jučer|сегодня|вчера|сьогодні|вчора|днес|σήμερα|χθες|اليوم|أمس|قبل|منذ|"
    r"امروز|دیروز|پیش|"
    r"назад|тому|бұрын|"
    r"giờ trước|ngày trước|phút trước|hôm qua|היום|אתמול)(?![^\W\d_])|\d ?(?:分|時間|日|小时|天|시간|분|"
    r"일) ?(?:前|전)"
)
_TIME_IN = re.compile(
    r"(?i)^.{0,30}(?:ago|today|yesterday|heute|امروز|دیروز|پیش|hoy|oggi|hoje|today)(?:,)? (?:in|در|en|a|em) "
)
_COUNTRY_NAMES = """
    deutschland, germany, alemania, germania, allemagne, niemcy, österreich, austria, autriche, schweiz,
    switzerland,
    suisse, svizzera, suiza, italia, italy, italie, italien, españa, spain, espagne, spagna, spanien,
    francia, france,
    frankreich, portugal, polska, poland, polen, pologne, polonia, nederland, netherlands, niederlande, pays-bas,
    paesi bassi, países bajos, belgië, belgique, belgium, belgien, belgio, bélgica, danmark, denmark,
    dänemark, sverige,
    sweden, schweden, norge, norway, norwegen, suomi, finland, finnland, česko, czechia, czech republic,
    česká republika, tschechien, slovensko, slovakia, slowakei, magyarország, hungary, ungarn, românia, romania,
    rumänien, българия, bulgaria, bulgarien, ελλάδα, greece, griechenland, türkiye, turkey, türkei,
    hrvatska, croatia,
    kroatien, slovenija, slovenia, srbija, serbia, eesti, estonia, latvija, latvia, lietuva, lithuania,
    ireland, irland,
    united kingdom, uk, great britain, großbritannien, royaume-uni, regno unito, reino unido, england,
    scotland, wales,
    usa, united states, united states of america, estados unidos, stati uniti, stati uniti d'america, états-unis,
    vereinigte
    staaten, canada,
    kanada, canadá, australia, australien, new zealand, méxico, argentina, chile, colombia, perú, brasil, brazil,
    uruguay, россия, russia, украина, україна, ukraine, беларусь, казахстан, kazakhstan, қазақстан, azərbaycan,
    azerbaijan, հայաստան, armenia, 日本, japan, japón, giappone, japon, 中国, china, 대한민국, 한국, south
    korea, india,
    indonesia, malaysia, việt nam, vietnam, philippines, thailand, الأردن, jordan, السعودية, saudi arabia,
    الإمارات, uae,
    united arab emirates, pakistan, bangladesh, nepal, sri lanka, sénégal, senegal, côte d'ivoire, cameroun,
    cameroon, algérie, algeria, tunisie, tunisia, togo, gabon, burkina faso, tanzania, uganda, ethiopia, zambia,
    rwanda, qatar, bahrain, ecuador, paraguay, مصر, egypt, المغرب, maroc,
    morocco, ישראל, israel, south africa, nigeria, kenya, ghana
"""
# No towns and states of that name: Luxembourg, Georgia, Singapore, Kuwait, Mexico, Bolivia, Costa Rica.
_COUNTRIES = frozenset(name.strip() for name in _COUNTRY_NAMES.split(","))
_COUNTY_NAMES = """
    bedfordshire, berkshire, buckinghamshire, cambridgeshire, cheshire, cornwall, cumbria, derbyshire, devon,
    dorset, essex, gloucestershire, hampshire, herefordshire, hertfordshire, kent, lancashire, leicestershire,
    lincolnshire, merseyside, middlesex, norfolk, northamptonshire, northumberland, nottinghamshire, oxfordshire,
    rutland, shropshire, somerset, staffordshire, suffolk, surrey, warwickshire, wiltshire, worcestershire,
    gwynedd, powys, dyfed, clwyd, ceredigion, pembrokeshire, carmarthenshire, monmouthshire, east sussex,
    west sussex, north yorkshire, south yorkshire, west yorkshire, isle of wight
"""
# Of England and Wales, behind a town: Totnes, Devon TQ9. No towns of that name, such as Durham.
_COUNTIES = frozenset(name.strip() for name in _COUNTY_NAMES.split(","))
_MEASURE = re.compile(
    r"(?i)\d\s?(?:km|mi|m|m2|m²|qm|sq|ft|kw|ps|hp|cc|cm|l|kg|h|hp|к\.с|л\.с|км|м²|м2|м|€|\$|£|%|min|år|лв|"
    r"kr|万|平(?:方?米)?|坪|㎡|этаж\w*|эт|emelet|piętro|photos?|fotos?)(?![^\W\d_])|[€$£¥₪₽₴]"
)

_PHONE = re.compile(r"(?:(?<![^\W\d_])[^\W\d_]{2,15}: ?)?(?<!\d)\(?\d{3}\)?[ .-]\d{3}[ .-]\d{4}(?!\d)")
_STATE = re.compile(r"(?<=^[A-Z]{2}) (?:USA?|Canada)$")  # TX USA
_UNIT = re.compile(r"(?i)(?:k?m[²2³]?|qm|sq\.? ?ft|㎡|кв\.? ?м|平方?米)")
_CONDITION = re.compile(  # of goods, which some languages call state
    r"(?i)(?:como |semi-?|casi |quase |like |wie |comme |come |very |muy |sehr |très |brand ?)?(?:new|"
    r"nuev[oa]|nov[oa]|neu|neuf|"
    r"neuve|nuovo|used|usad[oa]|gebraucht|occasion|usato|good|buen[oa]|bom|gut|bon|buono|disponible|active|"
    r"activo|ativo|published|draft|pending|approved|reserved|expired|closed|open|online|live|visible|enabled)"
    r"(?: (?:estado|condition|zustand|état|stato))?"
)


def is_place(text: str) -> bool:
    """May a short text be a place: words, no measure, no sum, no moment alone?"""
    plain = text.strip()
    return (
        1 < len(plain) < 80
        and re.search(r"[^\W\d_]{2}", plain) is not None
        and not _MEASURE.search(plain)
        and not _CONDITION.fullmatch(plain)
        and not plain.endswith((":", "?", "!"))
        and not _UNIT.fullmatch(plain)
        and len(plain.split()) < 10
    )


def _is_other(text: str) -> bool:
    """Does a part of a place's text tell a moment or a measure?"""
    return bool(_TIME.search(text) or _MEASURE.search(text))


def is_country(text: str) -> bool:
    """Is a text the name of a country?"""
    return text.strip().casefold() in _COUNTRIES


def is_region(text: str) -> bool:
    """Does a text call itself a region: "Žilinský kraj", "Pest megye"?"""
    return bool(_REGION.search(text))


def ends_with_region(text: str) -> bool:
    """Is a text a name, and behind a comma a region that calls itself one: "Kragujevac, Šumadijski okrug"?"""
    parts = [part.strip() for part in text.split(",")]
    return len(parts) == 2 and parts[0][:1].isupper() and parts[1][:1].isupper() and is_region(parts[1])


def of_asia(text: str) -> tuple[str, str]:
    """(town, region) of a text that begins with a Japanese prefecture, or a Korean or Chinese province."""
    for pattern in (_JAPAN, _KOREA, _CHINA):
        if match := pattern.match(text):
            return match[2] or "", match[1]
    return (text, "") if _JAPANESE_TOWN.fullmatch(text) else ("", "")


def is_address(text: str) -> bool:
    """Does a text tell by itself that it is a place: by a country behind names, or a word for town before its
    first part?"""
    parts = [part.strip() for part in text.split(",")]
    facts = any(
        part[:1].islower() or re.search(r"(?<![^\W_])\d{1,3}(?![^\W_])", part) for part in parts
    )  # Sofa, brown, Italy
    town = _TOWN.match(parts[0]) and parts[0][-1].isalpha()
    return 1 < len(parts) < 5 and bool(town or (is_country(parts[-1]) and not facts))


def _is_numbered_street(parts: list[str]) -> bool:
    """Is the first of the parts of a place a street with its number, before a town? Before a region it may be the
    quarter of a town: Brno 2, Jihomoravský kraj."""
    return bool(_NUMBERED.fullmatch(parts[0])) and not is_region(parts[1])


def named(text: str) -> tuple[str, str]:
    """(town, region) of "Town, Region", "Region, гр. Town", "1055 AB Town (Quarter)", "Town, Country"; empty where
    a text holds none."""
    text = " ".join(_TIME_IN.sub("", text[:_MAX].strip()).split())
    text = _LABEL.sub("", _JAPANESE_CODE.sub("", text))
    if len(path := re.split(r"\s?[»›>→]\s?", text)) > 1:  # Italia » Mar Tirreno » Portoferraio
        *wider, last = [part for part in path if part.strip() and not _is_other(part)] or [""]
        town, region = named(last)
        wider = [part.strip() for part in wider if not is_country(part)]
        of_two = wider[0] if len(wider) == 1 and len(path) == 2 and not _NO_PLACE.fullmatch(wider[0]) else ""
        return town, region or next(filter(is_region, wider), of_two)
    if (found := of_asia(text))[1]:
        return found
    pieces = re.split(r"(?<!\d),|,(?!\d)|[;、،·•|]", text)
    pieces = [
        part for piece in pieces for part in (re.split(r" [-–] ", piece) if _TIME.search(piece) else [piece])
    ]
    if len(pieces) == 1 and (match := _TWO.fullmatch(text)):  # else a quarter is behind it: Hamburg - Altona
        coded = re.fullmatch(r"(?!DE|AT|CH|FR|IT|NL|BE|PL|PT|UK|GB|US|EU)[A-Z]{2}", match[2])  # Betim - MG
        of_region = coded or is_region(match[1]) or is_region(match[2]) or match[1] == match[2]
        pieces = [match[1], match[2]] if of_region else [match[1]]
    parts: list[str] = []
    for piece in pieces:
        if (found := of_asia(piece.strip()))[0]:
            return found
        if parts and re.search(r"\S \(\d{4,5}\)$", piece):
            parts.clear()  # a quarter before Nantes (44200)
        part = _PHONE.sub("", piece).strip()
        part = _STATE.sub("", _QUARTER.sub("", _TAIL.sub("", part)))
        town = _POSTAL.sub("", part, count=1).strip(" -–")
        if town and not _is_other(town) and re.search(r"[^\W\d_]", town):
            if (
                parts
                and town != part
                and not re.fullmatch(r"[A-Z]{2,3}", town)
                and town.casefold() not in _COUNTIES
            ):
                parts.clear()  # a street before 75002 Paris, London E14
            parts.append(town)
    if len(parts) > 2 and parts[-1].casefold() in _COUNTIES:
        parts = parts[-2:]
    parts = [part for part in parts if not _OUTWARD.fullmatch(part)] or parts
    if len(parts) > 1 and re.fullmatch(
        r"[A-Z]{2,3}", parts[1]
    ):  # before a state: Temple Terrace, FL; 29 Palms, CA
        if _WHOLE_STREET.search(parts[0]):
            return "", parts[1]
    elif len(parts) > 1 and (_STREET.search(parts[0]) or _is_numbered_street(parts)):
        del parts[0]
    if not (parts := [part for part in parts if not is_country(part)]):
        return "", ""
    for number, part in enumerate(parts):
        if _TOWN.match(part) and len(parts) > 1:
            others = [other for at, other in enumerate(parts) if at < number or is_region(other)]
            return part.removeprefix("град "), next(iter(others), "")  # what stands behind it is a quarter
    if len(parts) > 1 and is_region(parts[0]) and not is_region(parts[-1]):
        parts.reverse()
    return parts[0], parts[-1] if len(parts) > 1 else ""
