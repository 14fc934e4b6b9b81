"""What keys of foreign data mean, by their names in the languages and spellings that sites use.

`role(key)` of `adId`, `ad_id` and `AD-ID` is the same. Names are compared without case, spaces and punctuation.
"""

import re
from functools import lru_cache

# Roles of a listing's own fields, each with its names from the most to the least telling.
_NAMES: dict[str, str] = {
    "listing_id": """
        adid listingid advertid offerid classifiedid insertionid annonceid annuncioid adnumber listid
        itemid vehicleid usedcarid carid propertyid productid postid stockid id identifier sku zpid uuid
        guid publicid externalid listingnumber adref reference refid ref stocknumber stockno token code
        number shortid objectid profileid mpn vin vehicleidentificationnumber serialnumber nid key
    """,
    "title": """
        title adtitle listingtitle subject headline heading name titel titulo título titre titolo tytul
        tytuł nazev název nadpis naslov cím megnevezes baslik başlık ilanbaslik otsikko rubrik tittel
        overskrift заголовок название наименование τίτλος عنوان 标题 標題 タイトル 제목 displayname cartitle
        vehiclename carname adname itemname productname displaytitle shorttitle fulltitle longtitle
        header caption linktext propertytitle cardtitle seotitle h1 shortdescription streetaddress
    """,
    "price": """
        price priceamount pricevalue currentprice askingprice sellingprice saleprice listprice
        listingprice offerprice finalprice numericprice priceraw rawprice unformattedprice pricenumeric
        carprice priceinfo pricing prices grossprice consumerpricegross totalprice fullprice regularprice
        displayprice formattedprice priceformatted pricedisplay pricetext pricelabel pricestring amount
        cost lowprice minprice pricecents priceincents preis prix precio prezzo preco preço prijs cena
        cenabrutto ár fiyat hinta pris цена стоимость ціна τιμή السعر قیمت 价格 價格 価格 本体価格 支払総額 가격
        rent
        monthlyrent rentprice basicprice value offers money
    """,
    "currency": """
        currency pricecurrency currencycode currencyiso currencysymbol isocurrency waluta moneda moeda
        valuta währung waehrung devise parabirimi валюта mena currencyid unit
    """,
    "year": """
        year modelyear manufactureyear manufacturingyear makeyear yearofmanufacture productionyear
        registrationyear regyear yearofregistration formyear firstregistration firstregistrationdate
        firstregistrationyear registrationdate regdate productiondate vehiclemodeldate modeldate
        datevehiclefirstregistered releasedate baujahr erstzulassung ez annee année año ano anno rok
        rokprodukcji rokvyroby godina godiste leto bouwjaar yil yıl modelyili год годвыпуска рік
        inverkehrsetzung erstinverkehrsetzung immatriculation premièreimmatriculation miseencirculation
        premièremiseencirculation
        immatricolazione primaimmatricolazione matriculación matriculacion primeramatriculación
        eerstetoelating eersteregistratie
        datumeerstetoelating pierwszarejestracja ensirekisteröinti
        förstaregistrering førstegangsregistrert førsteregistrering
        primamatricula dataprimeiramatricula 1stregistration firstregistered builtin
        vuosimalli årsmodell årgang έτος سالتولید 年式 연식 年份 yearbuilt constructionyear builtyear
        yearofconstruction evjarat évjárat anofabricacion registered
    """,
    "make": """
        make makename mark brand brandname manufacturer manufacturername vehiclemake carmake carbrand marke marque
        marca merk marka märke merkki mærke značka znacka gyártmány марка производитель μάρκα برند メーカー 제조사
        品牌 oem makedisplayname markname
    """,
    "model": """
        model modelname carmodel vehiclemodel modell modele modèle modelo modello malli модель μοντέλο
        مدل 車種 모델 车型 modeldisplayname modelgroup modelfamily
    """,
    "city": """
        city cityname town locality addresslocality ort stadt wohnort ville commune ciudad cidade
        localidad comune citta città miasto miejscowosc mesto město obec stad plaats woonplaats sehir
        şehir il grad kaupunki kommune municipality suburb город місто πόλη شهر 市区町村 도시 城市 postalcity
        citylabel districtname
    """,
    "region": """
        region regionname mainprovince state statename province provincename county addressregion bundesland
        département departement departmentname provincia estado wojewodztwo województwo voivodeship kraj
        okres oblast область регион регіон republic prefecture 都道府県 지역 省 bölge bolge lan län fylke
        maakunta megye judet zupanija stateorprovince
    """,
    "place": """
        location locationname place placename address fulladdress displayaddress displaylocation
        formattedaddress locationtext locationlabel standort localisation localización ubicacion
        localizacao localizacion posizione luogo lokalizacja lokalita lokacija locatie konum sijainti
        plats sted местоположение адрес район geo contentlocation availableatorfrom areaserved area
        neighbourhood neighborhood itemlocation geolocation sellerlocation
    """,
    "seller": """
        sellertype sellertypename dealersegment advertisertype ownertype usertype dealertype customertype
        accounttype posttype publishertype vendortype advertiserkind sellerkind isdealer isprivate isbusiness
        iscompany ispro isprofessional isowner isprivateowner privatebusiness anbieter anbietertyp
        verkäufertyp tipovendedor tipoanunciante
    """,
    "posted": """
        dateposted posteddate postedat postdate posted datepublished publishedat publisheddate
        publishdate publicationdate firstpublicationdate firstpublished createdat createdtime
        creationdate datecreated createdate created dateadded addedat addeddate listeddate listedat
        listingdate dateonline onlinesince startdate activationdate validfrom availabilitystarts
        insertiondate registdatetime sortdate displaydate displaydatetime publishedon date time timestamp
    """,
    "link": """
        url link href permalink detailurl detailsurl detailpageurl detaillink listingurl adurl advertlink
        itemurl viewurl vdpurl vdplink vipurl producturl productlink carurl vehicleurl propertyurl
        offerurl pageurl canonicalurl canonical canonicallink weburl shareurl sharelink seourl seolink
        relativeurl absoluteurl fullurl targeturl landingurl urlpath pathname path uri webpage www
        externalurl deeplink mainentityofpage prettyurl friendlyurl slugurl urls links localizedurl
        desktopurl adlink
    """,
    "slug": """
        slug urlkey handle seoname urlslug seoslug alias urlname urltitle
    """,
}
FIELDS: dict[str, tuple[str, ...]] = {field: tuple(names.split()) for field, names in _NAMES.items()}

_PHOTO = re.compile(
    r"image|img(?!ine)|photo|pictur|^pics?$|pics?url|^pic\d|gallery|galler|galeri|foto|bild(?:er)?$|^bilder|thumb|^media|"
    r"medias$|mediaurls?|multimedia|^cover|afbeelding|immagin|imagen|imagem|zdjec|zdjęc|obraz|slika|slike|kuva|resim|"
    r"görsel|фот|снимк|картинк|изображ|εικόν|φωτο|صورة|صور|عکس|画像|写真|사진|图片|圖片|照片|vignette|visuel|^slides$|^slideshow|"
    r"^attachments$|^carousel|carouselphotos|^assets$|^fichiers|^kep(?:ek)?$|^képek"
)
_NO_PHOTO = re.compile(
    r"logo|icon|avatar|profile|userpic|badge|banner|background|placeholder|flag|sprite|brandimage|makeimage|makerimage|"
    r"categoryimage|bodytypeimage|agentp|agenti|dealeri|dealerp|selleri|sellerp|authori|ownerp|qrcode|staticmap|mapimage|"
    r"^imap|floorplan|floormap|virtualtour|video|count|total|number|^nb|quantity|width|height|ratio|alt$|caption|size$|sizes$|"
    r"type$|status|enabled|^has|^is|^max|^min|visible|quality|format$|domain|server|hoster|permission|^show|credits?|"
    r"seal|award|medal|stamp|emblem|siegel|keurmerk|ogimage|socialimage|shareimage|seoimage|colorimage|swatch|certificat|bodystyle|emptyimage|noimage|defaultimage|fallback"
)  # fmt: skip
_OTHER_MEDIA = re.compile(
    r"^spins?(?!n)|^360[a-z]|(?:view|tour|image|photo|exterior|interior)s?360$|panoram|virtualtour|floorplan|^blueprints?$|"
    r"^videos?(?!.*photo)|brochure|^logos?$|hotspots?$"
)
_BESIDE = re.compile(
    r"similar|related|recommend|suggest|alsoview|alsolike|alsobought|othersviewed|youmay|mightlike|recently|lastview|"
    r"lastseen|history|crosssell|upsell|morefrom|moreads|morelikes?this|othercars|otherads|otherlistings|otheroffers|"
    r"othervehicles|fromthisseller|fromseller|sellerads|dealerads|dealerstock|sponsor|promoted|promo(?:tion)?s?$|^ads?banner|"
    r"advertisements?(?:slot|banner|unit|block|zone)|spotlight|top(?:ads|block|listings)|topoffers|premiumads|featured|nearby|nearest|compar|alternativ|trending|popular|"
    r"bestseller|newarrivals|upcoming|latest|carouselads|inspiration|ähnlich|aehnlich|weitereanzeigen|similaires|"
    r"relacionad|recomendad|podobn|polecane|похож|рекоменд|benzer|gerelateerd|vergelijkbar|liknande|lignende|simili|"
    r"correlat|consigliat|hasonló|slicn|favorit|wishlist|savedads|breadcrumb|navigation|menu|footer|header$|faq|review|"
    r"^map(?:results|listings|items|pins|markers|data)$|markers$|"
    r"blog|article|news|testimonial|landmark|newcar|videos|priceTrend"
)  # fmt: skip
_PARTY = re.compile(
    r"^(?:seller|dealer|dealership|owner|user|author|agent|agents|agency|broker|brokers|advertiser|advertisers|contact|"
    r"contacts|company|vendor|merchant|store|shop|customer|member|account|organi[sz]ation|publisher|provider|poster|profile|"
    r"listedby|office|branch|developer|builder|manufacturerinfo|bank|finance|financing|insurance|warranty|leasing|"
    r"verkäufer|anbieter|vendeur|vendedor|venditore|sprzedawca|verkoper|anunciante)(?:info|data|details|detail|s)?$"
)
_SELLS = re.compile(
    r"(?:listing|item|product|vehicle|advert)s?(?:seller|dealer|owner|vendor|advertiser|agent|poster)$"
)
_ATTRIBUTES = re.compile(
    r"^(?:params?|parameters?|attributes?|attrs?|properties|features?|details?|specs?|specifications?|characteristics?|"
    r"keyfacts|keyinfo|keyspecs|highlights|vehicledetails|cardetails|technicaldetails|technicaldata|facts|extendedattributes|"
    r"additionalproperty|customfields|fields|options|overview|infos?|merkmale|criteria|caracteristicas|"
    r"searchattributes|attributeslist|tags|labels|summary|data|items|rows|extraattributes|formattedattributes)$"
)
_SIZE = re.compile(
    r"^(?:url|src|href|uri|link|path|file|full|fullsize|original|orig|xxl|xl|l|m|s|xs|large|big|medium|small|thumb|thumbs|"
    r"thumbnail|thumbnails|mini|preview|normal|hd|default|zoom|mobile|desktop|tablet|webp|jpe?g|avif|png|retina|max|min|"
    r"\d{2,4}(?:x\d{2,4})?|x\d{2,4}|w\d{2,4}|(?:urls?|img|image|photo|picture|pic|size|resized?image)\w{0,30})$"
)


@lru_cache(maxsize=20_000)
def plain(key: str) -> str:
    """A key without case, spaces and punctuation."""
    return re.sub(r"[\W_]+", "", key.casefold())


_ROLES = {
    name: (field, rank) for field, names in FIELDS.items() for rank, name in reversed(list(enumerate(names)))
}


_OF_THE_LISTING = re.compile(r"((?:listing|advert|vehicle|product|classified)(?:title|name|price|id))$")


@lru_cache(maxsize=20_000)
def role(key: str) -> tuple[str, int]:
    """(field, rank) of a key; ("", 0) for one that means nothing to us. A smaller rank tells more."""
    name = plain(key)
    if name in _ROLES:
        return _ROLES[name]
    if match := _OF_THE_LISTING.search(name):
        name = match[1]  # marketplace_listing_title
    return _ROLES.get(re.sub(r"(?:info|data|details?|obj|object|text|label|literal)$", "", name), ("", 0))


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
