"""What the fields of a listing are called in foreign data and on pages, in the languages that sites use."""

# Roles of a listing's own fields, each with its names from the most to the least telling.
_NAMES: dict[str, str] = {
    "listing_id": """
        adid listingid advertid offerid classifiedid insertionid annonceid annuncioid adnumber listid
        itemid vehicleid usedcarid carid propertyid productid postid stockid id identifier sku zpid uuid
        guid publicid externalid listingnumber adref reference refid ref stocknumber stockno token code
        number shortid objectid profileid mpn vin vehicleidentificationnumber serialnumber nid key
    """,
    "title": """
        title adtitle listingtitle lottitle itemtitle offertitle posttitle subject headline heading name
        titel titulo título titre titolo tytul
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
        vehicleprice currentbid currentbidamount highestbid highestbidamount leadingbid winningbid
        bidamount rent monthlyrent rentprice basicprice value offers money
    """,
    "currency": """
        currency pricecurrency currencycode currencyiso pricecurrencyiso pricecurrencycode currencysymbol
        isocurrency waluta moneda moeda
        valuta währung waehrung devise parabirimi валюта mena currencyid unit
    """,
    "year": """
        year modelyear yearmodel modellår årsmodel modelår modelljahr caryear manufactureyear
        manufacturingyear makeyear yearofmanufacture productionyear
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
        yearofconstruction metai pagaminimometai pagaminimodata evjarat évjárat anofabricacion registered
    """,
    "make": """
        make makename mark brand brandname manufacturer manufacturername vehiclemake carmake carbrand marke marque
        marca merk marka märke merkki mærke značka znacka gyártmány марка производитель μάρκα برند メーカー 제조사
        品牌 oem makedisplayname markname fabricante costruttore constructeur hersteller producent výrobce
        fabrikant
        merkkijavalmistaja hãng hãngxe ยี่ห้อ prekėsženklas brandtitle märk zīmols proizvođač gamintojas
        automobiliogamintojas zīmolsmarka მარკა
    """,
    "model": """
        model modelname carmodel vehiclemodel modell modele modèle modelo modello malli модель μοντέλο
        مدل 車種 모델 车型 modeldisplayname modelgroup modelfamily modelis mudel modelio модел modelseries
        dòngxe รุ่น მოდელი
    """,
    "city": """
        city cityname town locality addresslocality ort stadt wohnort ville commune ciudad cidade
        localidad delegation comune citta città miasto miejscowosc mesto město obec stad plaats woonplaats sehir
        şehir il grad kaupunki kommune municipality suburb город місто πόλη شهر 市区町村 도시 城市 postalcity
        citytitle citylabel districtname townname cityregion şəhər qyteti település telepules helyseg miejscowość
        paikkakunta ctname
        pilsēta miestas linn cityortown placeofresidence населённыйпункт населенныйпункт населеномясто
        мястото град
        adminlevel3 adminlevel3name ქალაქი
        עיר المدينة ilçe ilce 所在城市
    """,
    "region": """
        region canton kanton cantone cantonname regione comarca regionname regiontitle mainprovince state
        statename statecode stateabbreviation stateabbr governoratename
        province provincename county
        addressregion bundesland
        département departement departmentname provincia estado wojewodztwo województwo voivodeship kraj
        okres oblast область регион регіон republic prefecture 都道府県 지역 省 bölge bolge lan län fylke
        maakunta megye judet județ zupanija županija stateorprovince kommunenavn powiat okrug област района
        adminlevel1 adminlevel1name administrativearealevel1
        apskritis governorate gouvernorat wilaya wilayah
        maakond novads المحافظة المنطقة استان אזור 所在地区 都道府県名 tỉnh
    """,
    "place": """
        location locationname place placename address fulladdress displayaddress displaylocation
        formattedaddress locationtext locationlabel standort localisation localización ubicacion
        ubicación localização
        localizacao localizacion posizione luogo lokalizacja lokalita lokacija locatie konum sijainti
        plats sted местоположение адрес район geo contentlocation availableatorfrom areaserved area
        neighbourhood neighborhood itemlocation geolocation sellerlocation areaname arealabel vieta vietovė
        asukoht
        lokacija местоположениеавтомобиля населениместо mjesto mjestopredmeta lugar emplacement situation zona
        paikka konum ilanadresi τοποθεσία περιοχή מיקום الموقع 所在地 住所 위치 지역위치 địachỉ khuvực ที่ตั้ง
    """,
    "seller": """
        sellertype sellertypename dealersegment advertisertype ownertype usertype dealertype customertype
        accounttype posttype publishertype vendortype advertiserkind sellerkind isdealer isprivate isbusiness
        iscompany ispro isprofessional isowner isprivateowner privatebusiness anbieter anbietertyp
        verkäufertyp tipovendedor tipoanunciante sellercategory membertype advertisercategory utype kimden
        venditoretipo typevendeur forsaleby typeannonceur typverkäufer typsprzedawcy typprodejce inzerent
        tiphirdető
        hirdetőtípusa
        oglasivac oglašivač myyjätyyppi selgertype sælgertype säljartyp типпродавца продавецтип adtype
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
        slug urlkey urlpart handle seoname urlslug seoslug alias urlname urltitle
    """,
}
FIELDS: dict[str, tuple[str, ...]] = {field: tuple(names.split()) for field, names in _NAMES.items()}
