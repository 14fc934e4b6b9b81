"""Is a seller a person or a dealer? By what texts call them, in the languages of sites, and by names of firms."""

import re
from functools import lru_cache

KINDS = ("private", "dealer")
_PRIVATE = (  # words for a person who sells
    r"privat\w*|individual|particuli?er|particular(?:es)?|c2c|ownr|fsbo|natural ?person|"
    r"(?:for sale )?by owner|private ?owner|owner|dueñ[oa]|propriet[aá]ri[oa]|propriétaire|eigent[uü]mer(?:in)?|"
    r"osoba (?:fizyczna|prywatna)|prywatn\w*|soukrom\w*|súkromn\w*|soukromník|magánszemély|magánhirdető|"
    r"persoană fizică|"
    r"particulară?|fizičk[ao] (?:lice|osoba)|fizična oseba|zaseben|yksityi(?:nen|shenkilö|smyyjä)\w*|"
    r"bireysel(?: satıcı)?|sahibinden|şəxsi|mülkiyyətçi|eraisik|privātpersona|privatus|fizinis asmuo|"
    r"частн\w*(?: лицо| особа)?|собственник\w*|физ\.? ?лицо|фіз\.? ?особа|приватн\w*|власник\w*|"
    r"частно лице|от собственика|"
    r"ιδιώτης|ιδιωτικ\w*|מוכר פרטי|פרטי|شخصی|شخصي|فردي|مالك|المالك|من المالك|صاحب|個人(?:出品|売主)?|"
    r"个人(?:卖家)?|個人賣家|개인(?:판매자)?|직거래|"
    r"cá nhân|chính chủ|perorangan|persendirian"
)
_DEALER = (  # words for one whose trade it is
    r"dealers?(?:hip)?|professional\w*|professionn?el\w*|profesional\w*|profissional|professionista|"
    r"profis?|pro|profesjonal\w*|"
    r"delr|business|compan(?:y|ies)|firm[aey]?|b2c|h[aä]e?ndler\w*|gewerb\w*|commercial\w*|commercant|"
    r"commerçant|trade(?:rs?)?|"
    r"builders?|developers?|promot(?:er|ora?|eur)s?|bauträger|"
    r"agent\w*|agenc\w*|agenz\w*|agen[cç]ja|agencija|agentur|agence\w*|agentuur|agentúra|agentura|ügynökség|"
    r"ingatlanközvetítő|iroda|makler\w*|mäkler\w*|makelaar\w*|mäklare|meglere?|broker\w*|realtors?|"
    r"immobilienb[uü]ro|inmobiliari\w*|imobili[aá]ri\w*|nepremičninska|realitn\w*|biuro nieruchomości|"
    r"concession\w*|concesionari\w*|concession[aá]ri\w*|compraventa|rivenditor\w*|autosalon\w*|"
    r"avtosalon\w*|autohaus|"
    r"salon\w*|shops?|stores?|merchants?|organization|corporat\w*|bedrijf|handelaar\w*|zakelijk|"
    r"handlarz\w*|handlowiec|komis\w*|przedsiębiorca|obchodník|predajca|prodejce|bazar|autobazar|"
    r"keresked\w*|trgov\w*|prodavnic\w*|pravno lice|pravna oseba|preduzeć\w*|persoană juridică|distribuitor|"
    r"forhandl\w*|bilhandl\w*|återförsäljare|bilfirma|handlare|erhverv\w*|företag\w*|bedrift\w*|"
    r"næringsdrivende|yritys|"
    r"liike|jälleenmyyjä|autoliike|välittäjä|galeriden|galeri|kurumsal\w*|yetkili|mağaza\w*|emlak ofisi|"
    r"inşaat firmasından|"
    r"дилер\w*|компани\w*|юр\.? ?лицо|агент\w*|агенц\w*|агенція|автосалон\w*|автокъща|магазин\w*|бизнес|"
    r"бізнес|търговец|"
    r"застройщик|έμπορος|επιχείρηση|επαγγελματ\w*|έκθεση|μεσίτ\w*|"
    r"סוכן|סוכנות|סוחר|עסק\w*|مكتب|وكالة|معرض|تاجر|متجر|شركة|نمایشگاه|فروشگاه|بنگاه|املاک|"
    r"գործակալություն|販売店|中古車販売店|不動産会社|業者|法人|ストア|商家|中介|經紀|经销商|車商|딜러|매매상사|중개사|업체|"
    r"môi giới|công ty|cửa hàng|bán chuyên|agen|libr(?:er[ií]a|airie)|bookshop|bookseller|antiquariat|"
    r"buchhandlung"
)
_NO = r"nije|není|nie je|nie jest|not an?|no|non|kein(?:e|er)?|ikke|inte|не"
_AROUND = (  # words beside, which change nothing
    r"used|new|cars?|seller|verk[aä]e?ufer(?:in)?|anbieter(?:in)?|venditore|vendeur|vendedor(?:a)?|"
    r"annonceur|anunciante|"
    r"verkoper|"
    r"sprzedawca|prodajalec|prodavač|oglašivač|korisnik|predávajúci|eladó|hirdető|sælger|selger|säljare|"
    r"myyjä|satıcı|"
    r"продавец|продавач|user|nutzer|account|listing|ad|advertiser|vehicle|car|person|personne|persona|"
    r"pessoa|osoba|lice|je|jest|is|from|von|van|"
    r"by|de|del|di|un[ae]?|ein(?:em|er)?|since|seit|posted|pro|premium|verified|geprüfte[rn]?|certified|"
    r"autori[sz](?:at|zato|ado)|agréé|authori[sz]ed|"
    r"angebot|anzeige|inserat|verkauf"
)
_ALONE = re.compile(
    rf"(?i)(?:(?:{_AROUND})[\s:-]+){{0,3}}(?:(?P<private>{_PRIVATE})|"
    rf"(?P<dealer>{_DEALER}))(?:[\s-]+(?:{_AROUND})){{0,2}}"
)
_NAMED = re.compile(  # a kind of dealer before a name: Autohaus Elm, Автосалон «Elm»
    r"(?:(?i:автосалон|автокъща|автоцентр|autohaus|autosalon|autocenter|autocentrum|agenzia|agence|agencja|"
    r"concessionaria|concesionario|makelaardij))\s+(?=[\"«„“A-ZÀ-ŽА-Я&])"
)
_NOT = re.compile(rf"(?i)(?:(?:{_AROUND})[\s:-]+){{0,2}}(?:{_NO})\s+(?:{_DEALER})")
_SENTENCE = re.compile(  # in a longer text: a noun and what it is
    r"(?i)\b(?:(?P<private>(?:private seller|venditore privato|vendeur particulier|vendedor particular|"
    r"privat(?:er)? "
    r"(?:verkäufer|anbieter)|particuliere verkoper|sprzedawca prywatny|bireysel satıcı|частный продавец))|"
    r"(?P<dealer>rivenditore|commerciante|händler|concessionnaire|vendeur professionnel|vendedor profesional|"
    r"professional seller|trade seller|dealer|(?<!not a )dealership))\b"
)
_OF_ANOTHER = re.compile(
    rf"(?i)(?<![^\W\d_])(?:{_NO}|kein\w*|sans|senza|sin|sem|ohne|without|any|your|contact|ask|find)\s+$"
)
_ALIKE_PRIVATE = re.compile(
    rf"(?i)(?<![^\W\d_])(?:{_PRIVATE})(?![^\W\d_])|private|naturalperson|^(?:regular|own)$"
)
_ALIKE_DEALER = re.compile(
    rf"(?i)(?<![^\W\d_])(?:{_DEALER})(?![^\W\d_])|dealer|profes|business|company|commerc|agenc|agent|broker|"
    r"corporat|organization|franchise|merchant|store|shop|salon|händler|haendler"
)
_FIRM = re.compile(  # forms of firms that are no other word, at the end of a name or before it
    r"(?<![^\W\d_])(?:GmbH|mbH|OHG|e\.\s?K\.|Ges\.m\.b\.H\.|S\.?\s?[àaA]\.?\s?r\.?\s?l\.?|"
    r"S\.?r\.?l\.?s?|S\.?R\.?L\.?|S\.p\.A\.?|SpA|"
    r"S\.n\.c\.?|S\.a\.s\.?|SARL|SASU|EURL|S\.L\.U?\.?|S\.A\.U?\.?|Lda\.?|Ltda\.?|"
    r"Ltd\.?(?: Şti\.?)?|LLC|L\.L\.C\.?|"
    r"Inc\.?|Corp\.?|PLC|plc|Pty|B\.V\.?|N\.V\.?|V\.O\.F\.?|BVBA|SPRL|[Ss]p\.? z ?o\.? ?o\.?|"
    r"sp\. ?[jkc]\.|s\.? ?r\.? ?o\.?|"
    r"a\.s\.|spol\.|Kft\.?|Bt\.|Zrt\.?|Nyrt\.?|d\.o\.o\.?|d\.d\.|S\.C\.|A/S|ApS|"
    r"T:mi|Tmi|OÜ|SIA|UAB|"
    r"A\.Ş\.|Tic\.|San\.|Е?ООД|ЕТ|АД|ООО|ОАО|ЗАО|ТОВ|ИП|ФОП|ТОО|Ε\.?Π\.?Ε\.?|Α\.?Ε\.?|Ο\.?Ε\.?|"
    r"בע\"מ|Sdn\.? ?Bhd\.?|Pvt\.?|(?<=& )Co\.)(?![^\W\d_])|[(（](?:株|有|주)[)）]|株式会社|有限会社|"
    r"주식회사|有限公司"
)
_SHORT = re.compile(  # forms that are other words, too, states and units: behind a name, without a comma
    r"[^\W\d_][.)\"'“»]? (?:AG|KG|UG|SAS|SLU?|SNC|snc|BV|NV|VOF|doo|AB|Ab|ASA?|Oyj?|OY|Ky|MB|MMC)$|"
    r"^(?:PT|CV)\. [^\W\d_]"
)
_TRADE = re.compile(  # words of trades in names
    r"(?i)(?<![^\W\d_])(?:motors?|automotores|autom[oó]viles|automobiles?|automobili|autos|cars|car sales|"
    r"autogarage|"
    r"niederlassung|immobilien|realty|estates|estate agents?|real estate|properties|lettings|inmobiliaria|"
    r"immobiliare|trading|group|gruppe|grupo|warehouse|nekretnine|nieruchomości|недвижимость|моторс|autohaus|autosalon)(?![^\W\d_])"
)


@lru_cache(maxsize=20_000)
def alone(text: str) -> str:
    """private or dealer where a short text says that, such as "Private seller", and no more than a name or a town
    beside; else empty."""
    text = " ".join(text.split()).strip(" .:·•|-–()")
    if not 1 < len(text) < 45:
        return ""
    if _NOT.fullmatch(text):
        return "private"
    if match := _ALONE.fullmatch(text):
        return match.lastgroup or ""
    parts = [part for part in re.split(r"\s*[,•·|]\s+", text) if part]
    if 1 < len(parts) < 4 and (match := _ALONE.fullmatch(parts[0]) or _ALONE.fullmatch(parts[-1])):
        return match.lastgroup or ""  # Firma • Elm; 34123 Kassel, Händler
    return "dealer" if _NAMED.match(text) else ""


def in_sentence(text: str) -> str:
    """private or dealer where a sentence says so, such as "This dealer is in Italy"; else empty."""
    match = _SENTENCE.search(text := text[:200])
    return "" if match is None or _OF_ANOTHER.search(text[: match.start()]) else match.lastgroup or ""


@lru_cache(maxsize=20_000)
def called(text: str) -> str:
    """private, dealer, or the text as it is where it says neither, of the value of a field that says which."""
    if not text or len(text) > 60:
        return ""
    if found := alone(re.sub(r"[_]+", " ", text)):
        return found
    if _ALIKE_PRIVATE.search(text):
        return "private"
    if len(text) == 1:
        return "dealer" if text == "D" else ""  # P is private here, professional there
    return "dealer" if _ALIKE_DEALER.search(text) else text if len(text) < 25 and not text.isdigit() else ""


def kind(text: str) -> str:
    """private or dealer, of the value of a field that says which; empty where it says neither."""
    return found if (found := called(text)) in KINDS else ""


def is_firm(name: str) -> bool:
    """Is a seller's name that of a firm, by its legal form or its trade: Elm GmbH, (株)湾岸, Elm Motors?"""
    return len(name) < 120 and bool(_FIRM.search(name) or _SHORT.search(name.strip()) or _TRADE.search(name))
