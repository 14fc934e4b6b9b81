"""What addresses, elements and headings are called that show no photo of the page's listings."""

import re

# Addresses of what is no photo.
NOT_SHOWN = re.compile(
    r"(?<![a-z0-9])(?:avatar|userpic|badge|blank|empty|stub|favicon|icon|icons|(?:biz|brand|company|dealer|partner|seller|shop)?logo|logos|logotype|pixel|placeholder|spacer|sprite|sprites|"
    r"tracker|tracking|1x1|loader|loading|spinner|flag|flags|no-?(?:photo|image|img|foto|picture)|default-?(?:photo|image|img)|"
    r"nophoto|noimage|not-?found|coming-?soon|transparent|captcha|qr|qrcode|banner|banners|app-?store|google-?play|social|payment|arrow|star|rating|ribbon|watermark)s?(?![a-z0-9])|(?<![a-z])(?:smil(?:ey|ie)s?|emojis?|emoticons?)/|/paperclip\.\w+$|"
    r"/ic[-_][a-z_-]+\.(?:png|gif|webp)$|(?<![a-z])(?:bild|foto|image|photo)[-_]?(?:saknas|mangler|fehlt|puuttuu|manquante|missing)(?![a-z])|"
    r"/no-?(?:cars?|vehicles?|ads?)\.\w+$|/stock-?image\d?\.\w+$|(?<![a-z0-9])unavailable[-_]?(?:stock)?[-_]?(?:photo|image|img|pic)|/(?:sold|reserved|verified|new)\.(?:png|gif|webp)$|"
    r"(?<![a-z])(?:no|kein|sans|bez|senza|sin|sem|geen|ingen|fara|nincs|brak|ilman|uden)[-_]?(?:pic|pictures?|bild|photo|foto|imagem|imagen|"
    r"imagine|immagine|slike|zdjecia|kep|afbeelding|kuva|billede|obrazku|poza)s?(?![a-z])|(?<![a-z])net[-_]?foto(?![a-z])|(?:foto|resim)[-_]?yok(?![a-z])|"
    r"/(?:[a-z]{1,2}(?:_[a-z]{2})?|dot|pix|clear|dummy|wait|none|trans|progress)\.gif$|/(?:na(?:[-_]?\d{2,4}x\d{2,4})?|[a-z]{2}-default(?:-[a-z_]+)?)\.(?:gif|png|jpe?g|webp)$|"
    r"\.(?:svg|ico)$",
    re.IGNORECASE,
)
# Words of NOT_SHOWN that may be of what is sold: a Google Pixel, a Ducati Icon, a pair of Converse Star.
_PERHAPS_SOLD = re.compile(
    r"(?:pixel|icon|badge|flag|banner|social|arrow|star|rating|ribbon|stub)s?", re.IGNORECASE
)
_NUMBERED = re.compile(r"\d{5}")


def shows_nothing(name: str) -> bool:
    """Do the last folder and the file of an address tell that it is a logo, an icon, a placeholder? In a file
    named by three words or more and a long number a word may be of what is sold."""
    begin = name.rfind("/")
    file = name[begin + 1 :]
    titled = _NUMBERED.search(file) and len(re.findall(r"[^\W\d_]{2,}", file.rpartition(".")[0])) > 2
    return any(
        not (titled and found.start() > begin and _PERHAPS_SOLD.fullmatch(found[0]))
        for found in NOT_SHOWN.finditer(name)
    )


# Elements of what is no photo of the listing.
NOT_SHOWN_NAMES = re.compile(
    r"(?<![a-z])(?:(?<!product.)(?<!item.)(?<!post.)(?<!listing.)(?<!property.)(?<!car.)avatar|logo|icon|badge|flag|emoji|sprite|userpic|seller-?(?:photo|image|img)|agent-?(?:photo|image|img)|"
    r"dealer-?(?:logo|image)|profile(?:-?(?:pic|photo|image|img))?|banner|map-?(?:image|img)|qr-?code|payment|rating|partner)s?(?![a-z])"
)
# Boxes about who sells.
SELLER_NAMES = re.compile(
    r"(?<![a-z])(?:seller|agent|agency|broker|realtor|vendor|advertiser|owner|user)[-_]{0,2}(?:card|info|box|details|profile|contact|summary|pic)|"
    r"(?<![a-z])(?:dealer|store|shop)[-_]{0,2}(?:info|details|profile|contact)|contact-?card|"
    r"(?:dealer|seller|store|shop|company|partner|brand)[-_]?logo|"
    r"(?:^| )(?:agent|broker|seller|advertiser|realtor|consultant|berater|ansprechpartner|conseiller)(?= |$)"
)
# Elements, and headings, that begin what stands beside the content.
BESIDE_NAMES = re.compile(
    r"similar|(?<![a-z])related|recommend|suggest(?:ion|ed)|also-?_?(?:like|view|bought)|you-?_?may|recent(?:ly)?-?_?view|last-?_?(?:seen|viewed)|"
    r"more-?_?(?:from|ads|cars|listings|vehicles|offers)|other-?_?(?:ads|cars|listings|vehicles|offers|items)|cross-?sell|up-?sell|"
    r"(?<![a-z])top-?_?offers|sponsor|(?<!not-)(?<!node-)promoted|(?<![a-z])promo(?![a-z])|nearby|(?<![a-z])compare|best-?_?seller|newsletter|(?<![a-z])blog|testimonial|"
    r"aehnlich|relacionad|podobn|similaires|gerelateerd|benzer|pohoz|popular-|trending|advertis|adsense|ad-?banner|breadcrumb|"
    r"cookie|login|sign-?up|(?<![a-z])(?:site-?|page-?|main-?|global-?)?footer|navbar|site-?header|mega-?menu|(?<![a-z])menu(?![a-z])"
)
PROMOTED = re.compile(
    r"promoted|(?<![a-z])promo(?![a-z])|sponsor"
)  # of these names, what a card of the list may have
BESIDE_WORDS = re.compile(
    r"(?i)similar|related|recommend|you may|might (?:also )?(?:like|be interested)|also (?:like|viewed)|"
    r"recently (?:viewed|seen|visited)|last (?:viewed|visited|seen (?:by you|ads|cars|homes|items|listings))|"
    r"more (?:like|from|ads|cars|listings|vehicles|used)|"
    r"other (?:ads|cars|listings|vehicles|items|offers)|people also|customers (?:also|who)|sponsored|promoted|"
    r"nearby|"
    r"ähnliche|weitere (?:anzeigen|angebote|fahrzeuge|inserate)|das könnte|andere anzeigen|empfehl|similaires|"
    r"d'autres|autres annonces|"
    r"vous aimer|recommand|relacionad|similares|otros|otras|también|te puede interesar|recomendad|semelhantes|"
    r"parecid|outros|"
    r"você|podobne|podobné|polecane|inne ogłoszenia|może cię|simili|correlati|altri annunci|potrebbe|"
    r"gerelateerd|vergelijkbar|andere advertenties|"
    r"ook interessant|liknande|lignende|andra annonser|flere annonser|samankaltais|muita|похож|рекоменд|"
    r"другие объявления|смотрите также|"
    r"схожі|інші оголошення|benzer|diğer ilan|önerilen|hasonló|ajánl|slični|slicni|drugi oglasi|asemănăto|"
    r"anunțuri similare|"
    r"panaš|līdzīg|sarnase|подобни|oxşar|bənzər|ұқсас|მსგავს|slične|podobni|ngjashme|"
    r"παρόμοι|مشابه|مماثلة|ذات صلة|دیگر|類似|おすすめ|関連|その他|この(?:車|商品|物件|条件)を見た|"
    r"こんな(?:車|商品|物件|人)も|も見ています|相似|推荐|相关|猜你喜欢|비슷한|"
    r"추천|"
    r"다른 매물|"
    r"ใกล้เคียง|"
    r"liên quan|"
    r"alternativ|"
    r"popular searches|beliebte such|häufig gesucht|recherches (?:populaires|fréquentes)|"
    r"búsquedas (?:populares|frecuentes)|buscas populares|ricerche (?:popolari|frequenti)|"
    r"popula(?:ire|rne|rni|ra) (?:zoek|wyszuk|hled|sök)|популярные запросы|人気の検索|热门搜索|인기 검색|"
    r"tương tự|lainnya|serupa|"
    r"(?:zuletzt|kürzlich) (?:angesehen|gesehene|besucht)|kürzlich gesehen|(?:consulté|visité|vu)e?s récemment|"
    r"derni(?:er|ère)s (?:vu|consulté|visité)e?s|(?:vist|visitad|visualizad)[oa]s recient?emente|"
    r"últim[oa]s (?:vist|visitad)[oa]s|(?:vist|visitat|visualizzat)[ie] (?:di recente|recentemente)|"
    r"(?:laatst|recent|onlangs) bekeken|ostatnio (?:oglądan|przeglądan)|"
    r"naposledy (?:prohlíž|navštív|zobraz|prezer)|senast (?:besökt|visad|sedda)|"
    r"nylig set|(?:senest|sist) (?:sett?e|vist|besøgt|besøkt)|(?:viimeksi|äskettäin) kats|недавно (?:просм|смотр)|"
    r"нещодавно перегл|son (?:gez|bakt|görüntül|incele)|(?:legutóbb|nemrég) megtekint|"
    r"(?:vizualizat|văzut)e recent|nedavno (?:pregled|gled)|είδατε πρόσφατα|"
    r"(?:شوهد|شاهد|تصفح|زرت)\w*\s+مؤخر|最近(?:浏览|瀏覽|見た)|"
    r"閲覧履歴|최근 본"
)  # fmt: skip
