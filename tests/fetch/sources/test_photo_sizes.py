"""Addresses of one photo in several sizes, in the places where sites write a size."""

import pytest

from curate.fetch.sources.photo_sizes import inner, larger, stem
from curate.fetch.sources.photo_templates import filled
from curate.fetch.sources.photo_variants import by_size, known_together, together

IMG = "https://img.example"

ONE = [
    [
        "https://a.x.com/image/1024/768/xif0q/mobile/j-imaj.jpeg",
        "https://b.x.com/image/312/312/xif0q/mobile/j-imaj.jpeg",
    ],
    ["https://a.x.com/i/1.jpg?w=300", "https://a.x.com/i/1.jpg?w=1200&h=900&fit=crop", "https://a.x.com/i/1.jpg"],
    ["https://img1.x.com/300x200/a/1.jpg", "https://img2.x.com/1200x900/a/1.jpg"],
    ["https://x.com/p/abc_600x450.jpg", "https://x.com/p/abc_50x50c.jpg", "https://x.com/p/abc_1200x900.jpg"],
    ["https://p.as24.net/l/4cf-b357_2e2-00ce.jpg/250x188.webp", "https://p.as24.net/l/4cf-b357_2e2-00ce.jpg"],
    ["https://i.ebayimg.com/images/g/AbC/s-l64.jpg", "https://i.ebayimg.com/images/g/AbC/s-l1600.jpg"],
    [
        "https://ireland.apollo.olxcdn.com/v1/files/xx-PL/image;s=200x100",
        "https://ireland.apollo.olxcdn.com/v1/files/xx-PL/image;s=1000x700;q=50",
    ],
    ["https://x.com/photos/17/large.jpg", "https://x.com/photos/17/small.jpg"],
    ["https://x.com/301-large_default/dress.jpg", "https://x.com/301-home_default/dress.jpg"],
    ["https://x.com/154417902_MzAwLTQwMC04ZDFhNjQ.webp", "https://x.com/154417902_NjIwLTgyNi0zMTc2ZmM.webp"],
    ["https://x.com/480/360/52faafd102648a3382c6.jpg", "https://x.com/768/576/52faafd102648a3382c6.jpg"],
    ["https://x.com/thumb/17.jpg", "https://x.com/full/17.jpg"],
    ["https://x.com/a/thmb_17.jpg", "https://x.com/a/x5_17.jpg", "https://x.com/a/17.jpg"],
    [
        "https://img.k.de/api/v1/prod-ads/images/51/51c4?rule=$_59.JPG",
        "https://img.k.de/api/v1/prod-ads/images/51/51c4?rule=$_2.JPG",
    ],
    ["https://cs.com/CSphoto/1/U0001_001S.JPG", "https://cs.com/CSphoto/1/U0001_001L.JPG"],
    [
        "https://photos.zillowstatic.com/fp/aa11-cc_ft_1152.jpg",
        "https://photos.zillowstatic.com/fp/aa11-p_e.jpg",
        "https://photos.zillowstatic.com/fp/aa11-uncropped_scaled_within_1536_1152.webp",
    ],
    ["https://ap.rdcpix.com/aaa-m123s.jpg", "https://ap.rdcpix.com/aaa-m123od-w1024_h768.webp"],
    [
        "https://cdn.shopify.com/s/files/1/p_600x.jpg?v=12",
        "https://cdn.shopify.com/s/files/1/p.jpg?v=12",
        "https://cdn.shopify.com/s/files/1/p_large.jpg?v=12",
    ],
    [
        "https://s.com/wp-content/uploads/2020/01/car-300x200.jpg",
        "https://s.com/wp-content/uploads/2020/01/car.jpg",
        "https://s.com/wp-content/uploads/2020/01/car-scaled.jpg",
    ],
    ["https://s.com/_next/image?url=https%3A%2F%2Fcdn.s.com%2Fa%2F1.jpg&w=640&q=75", "https://cdn.s.com/a/1.jpg"],
    [
        "https://res.cloudinary.com/x/image/upload/w_300,h_200,c_fill/v1/a.jpg",
        "https://res.cloudinary.com/x/image/upload/v1/a.jpg",
    ],
    [
        "https://images.finncdn.no/dynamic/1280w/2024/1/vertical-2/0/4/335/184/404_1.jpg",
        "https://images.finncdn.no/dynamic/480w/2024/1/vertical-2/0/4/335/184/404_1.jpg",
    ],
    [
        "https://i.ss.lv/gallery/1/2/3.t.jpg",
        "https://i.ss.lv/gallery/1/2/3.800.jpg",
        "https://i.ss.lv/gallery/1/2/3.th2.jpg",
    ],
    [
        "https://m.com/pub/media/catalog/product/cache/0f831c1845fc143d00d6d1ebc49f446a/a/b/x.jpg",
        "https://m.com/pub/media/catalog/product/cache/9f831c1845fc143d00d6d1ebc49f446b/a/b/x.jpg",
    ],
    [
        "https://x.cloudfront.net/eyJidWNrZXQiOiJiIiwia2V5IjoiYS8xLmpwZyIsImVkaXRzIjp7InJlc2l6ZSI6eyJ3aWR0aCI6MzAwfX19",
        "https://x.cloudfront.net/eyJidWNrZXQiOiJiIiwia2V5IjoiYS8xLmpwZyIsImVkaXRzIjp7InJlc2l6ZSI6eyJ3aWR0aCI6NjAwfX19",
    ],
    [
        "https://pics.x.com/listings/aa.jpg/ORIG/resize/600x400%3E/format/webp/quality/50",
        "https://pics.x.com/listings/aa.jpg/ORIG/legacy_thumbnail/1024x768/format/jpg",
    ],
    [
        "https://avatars.mds.y.net/get-autoru-vos/1/ab/small",
        "https://avatars.mds.y.net/get-autoru-vos/1/ab/1200x900n",
    ],
    ["https://70.img.avito.st/image/1/1.aBc?cqp=2.x", "https://00.img.avito.st/image/1/1.aBc?cqp=2.x"],
    ["https://x.com/preview1/000/072/614.jpg", "https://x.com/original/000/072/614.jpg"],
    ["https://h.com/1_1t.jpg", "https://h.com/1_1.jpg"],
    ["https://x.com/img.jpg@300w_200h.webp", "https://x.com/img.jpg"],
    ["https://x.com/imgs/1.jpg!small", "https://x.com/imgs/1.jpg"],
    ["https://x.com/g30/f_1024x768_0_q87_cars__a1.jpg", "https://x.com/g30/120x90_c42_cars__a1.jpg.webp"],
    ["https://x.com/photo/golf__1234567hd.webp", "https://x.com/photo/golf__1234567f.jpg"],
    ["https://x.com/listing/UPHO.1234567.V800/golf.jpg", "https://x.com/listing/UPHO.1234567.V550/golf.jpg"],
    ["https://x.com/a.jpeg?fl=res,1920,1080,1|jpg", "https://x.com/a.jpeg?fl=res,96,72,1|jpg"],
    ["https://x.com/image?id=7&w=300&sig=0a1b2c3d", "https://x.com/image?id=7&w=900&sig=9f8e7d6c"],
    ["https://x.com/a.jpg?w=300&s=0a1b2c3d4e", "https://x.com/a.jpg?w=900&s=9f8e7d6c5b", "https://x.com/a.jpg"],
    [
        "https://b.s3.x.com/a?X-Amz-Date=1&X-Amz-Expires=60&X-Amz-Signature=0a1b2c3d",
        "https://b.s3.x.com/a?X-Amz-Date=2&X-Amz-Expires=60&X-Amz-Signature=9f8e7d6c",
    ],
    [
        "https://s.fbcdn.net/v/1_2_n.jpg?stp=dst-jpg_s600x600&_nc_ht=h&ccb=1-7&oh=00_AfA1b2&oe=6A0b1c2d",
        "https://s.fbcdn.net/v/1_2_n.jpg?stp=dst-jpg_p180x540&_nc_ht=h&ccb=1-7&oh=00_AfZ9y8&oe=6A0b1c2d",
    ],
    ["https://x.com/pics/12892/golf-128928024.webp", "https://x.com/pics/12892/Slide_golf-128928024.webp"],
    ["https://x.com/ds01/3/6/0a.jpg", "https://x.com/mncropresize/602/339/ds01/3/6/0a.jpg"],
    ["https://x.com/2024/01/18/a1.jpg", "https://x.com/crop/350x232/2024/01/18/a1.jpg"],
]
TWO = [
    ["https://x.com/image/812/345/1.jpg", "https://x.com/image/812/346/1.jpg"],
    ["https://x.com/image/2024/110/a.jpg", "https://x.com/image/2023/110/a.jpg"],
    ["https://x.com/p/1.jpg", "https://x.com/p/2.jpg"],
    ["https://x.com/photos/1/large.jpg", "https://x.com/photos/2/large.jpg"],
    ["https://x.com/c/car-1.jpg", "https://x.com/c/car-2.jpg"],
    ["https://x.com/c/IMG_2041.jpg", "https://x.com/c/IMG_2042.jpg"],
    ["https://x.com/c/swift-2016.jpg", "https://x.com/c/swift-2017.jpg"],
    ["https://x.com/c/a_640.jpg", "https://x.com/c/a_641.jpg"],
    ["https://x.com/img?id=1", "https://x.com/img?id=2"],
    ["https://x.com/c/front.jpg", "https://x.com/c/back.jpg"],
    ["https://x.com/a1b2c3s.jpg", "https://x.com/a1b2c4s.jpg"],
    ["https://x.com/s/1.jpg", "https://x.com/s/2.jpg"],
    ["https://x.com/photo/full_1.jpg", "https://x.com/photo/full_2.jpg"],
    ["https://cs.com/U_001L.JPG", "https://cs.com/U_002L.JPG"],
    ["https://x.com/a/1.jpg?v=1", "https://x.com/b/1.jpg?v=1"],
    ["https://x.com/1/big_001.jpg", "https://x.com/1/big_002.jpg"],
    ["https://x.com/w300/a", "https://x.com/w300/b"],
    ["https://x.com/a-1l.jpg", "https://x.com/a-2l.jpg"],
    ["https://x.com/image_3.jpg", "https://x.com/image_30.jpg"],
    ["https://x.com/x-1.jpg", "https://x.com/x-10.jpg"],
    ["https://x.com/1000x/1.jpg", "https://x.com/1000x/2.jpg"],
    ["https://x.com/c/front.1.jpg", "https://x.com/c/front.2.jpg"],
    ["https://x.com/listing-detail-1", "https://x.com/listing-detail-2"],
    ["https://x.com/photos/7.jpg", "https://x.com/photos/8.jpg"],
    ["https://x.com/p/swift-0-12.jpg", "https://x.com/p/swift-0-13.jpg"],
    ["https://x.com/p/101.jpg", "https://x.com/p/102.jpg"],
    ["https://x.com/ann_25_1043095732/golf.jpg", "https://x.com/ann_25_384882525/golf.jpg"],
    ["https://x.com/photo_MzAwLTQwMC0wMDAx.jpg", "https://x.com/pictu_MzAwLTQwMC0wMDAx.jpg"],
    ["https://x.com/show?fl=123456,80", "https://x.com/show?fl=123457,80"],
    ["https://x.com/crop/350x232/2024/01/18/a1.jpg", "https://x.com/crop/350x232/2024/01/18/a2.jpg"],
    ["https://x.com/crop/350x232/2024/a1.jpg", "https://x.com/crop/350x232/2025/a1.jpg"],
    ["https://x.com/p/slide_1.jpg", "https://x.com/p/slide_2.jpg"],
]


@pytest.mark.parametrize("urls", ONE, ids=lambda urls: urls[0][8:48])
def test_sizes_of_one_photo_are_one_photo(urls: list[str]) -> None:
    (photo,) = together([url] for url in urls)
    assert set(photo) == set(urls)


@pytest.mark.parametrize(
    ("largest", "others", "sizes"),
    [
        # a number that all of them share, 2345, is no size
        ("https://x.com/2345/a-1920x1080.jpg", ["https://x.com/2345/a-800x600.jpg"], {}),
        ("https://x.com/2345/a.jpg?v=1700", ["https://x.com/2345/a_300x300.jpg?v=1700"], {}),
        ("https://x.com/a.jpg?fl=res,2000,1500,1", ["https://x.com/a.jpg?fl=res,96,72,1"], {}),
        # what the page says of an address counts before words of it, not before its numbers
        (
            "https://x.com/styles/wide/a.jpg",
            ["https://x.com/styles/large/a.jpg"],
            {"https://x.com/styles/wide/a.jpg": 4000},
        ),
        ("https://x.com/a-1200w.jpg", ["https://x.com/a-300w.jpg"], {"https://x.com/a-300w.jpg": 4000}),
        ("https://x.com/large/a.jpg", ["https://x.com/thumb/a.jpg"], {}),
    ],
)
def test_the_largest_address_comes_first(largest: str, others: list[str], sizes: dict[str, int]) -> None:
    for urls in ([largest, *others], [*others, largest]):
        assert by_size(urls, sizes)[0] == largest


def test_many_photos_of_one_size_are_not_one_photo() -> None:
    urls = [f"https://x.com/t_{part}/golf.jpg" for part in ("front", "rear", "left", "right", "seats")]
    assert len({stem(url) for url in urls}) == 1
    assert together([url] for url in urls) == [[url] for url in urls]


def test_photos_that_the_data_put_together_are_one_photo() -> None:
    large, small = ([[f"https://x.com/{n}-{size}.jpg"] for n in (11, 22, 33)] for size in (1, 4))
    data = [[*one, *other] for one, other in zip(large, small, strict=True)]
    found = known_together([*large[:2], *small], data, {large[2][0]: 4000})
    assert [urls[0] for urls in found] == [urls[0] for urls in large]


@pytest.mark.parametrize("count", [2, 3, 4, 5])
@pytest.mark.parametrize(
    "written",
    [
        "image?id={n}&sig=0a1b2c3d4{n}",
        "image?id={n}&sig=0a1b2c3d&expires=1900000000",
        "image?id={n}&w=600&token=0a1b2c3d4{n}",
        "photo.php?X-Amz-Signature=0a1b2c3d4{n}&X-Amz-Expires=60&key={n}.jpg",
        "photo?hash=0a1b2c3d4{n}",
    ],
)
def test_signed_addresses_are_told_apart_by_the_rest_of_their_query(written: str, count: int) -> None:
    urls = [f"https://x.com/{written.format(n=n)}" for n in range(1, count + 1)]
    assert together([url] for url in urls) == [[url] for url in urls]


@pytest.mark.parametrize("urls", TWO, ids=lambda urls: urls[0][8:48])
def test_two_photos_stay_two(urls: list[str]) -> None:
    assert stem(urls[0]) != stem(urls[1])


@pytest.mark.parametrize(
    ("url", "whole"),
    [
        ("https://x.example/l/a.jpg/250x188.webp", "https://x.example/l/a.jpg"),
        ("https://i.example/g/s-l64.jpg", "https://i.example/g/s-l1600.jpg"),
        ("https://s.example/wp-content/uploads/a-300x200.jpg", "https://s.example/wp-content/uploads/a.jpg"),
        ("https://s.example/a.jpg?w=300&fit=crop", "https://s.example/a.jpg"),
        (
            "https://s.example/a.jpg?w=300&signature=0123456789",
            "https://s.example/a.jpg?w=300&signature=0123456789",
        ),
        ("http://[::1", "http://[::1"),
    ],
)
def test_a_larger_one_is_guessed_only_where_it_is_known(url: str, whole: str) -> None:
    assert larger(url) == whole


@pytest.mark.parametrize(
    "query",
    ["wtmk=https://x.example/mark.png", "impolicy=fit&rh=74&cg=Center", "w=300&overlay=https://x.example/o.png"],
)
def test_what_is_put_on_a_photo_or_done_to_it_is_not_the_photo(query: str) -> None:
    url = f"https://img1.x.example/cars/40878231_002.jpg?{query}"
    assert inner(url) == url
    assert stem(url) == stem("https://img2.x.example/cars/40878231_002.jpg?impolicy=fit&rh=480")


def test_a_file_that_scales_the_photo_of_an_address_is_not_the_photo() -> None:
    assert inner("https://x.example/resize.jpg?w=90&url=https://y.example/1.jpg") == "https://y.example/1.jpg"


@pytest.mark.parametrize("place", ["{w}", "{{w}}", "{@w}", "%7B@w%7D", "${w}"])
def test_a_size_is_put_into_a_template(place: str) -> None:
    template = f"https://x.example/image/{place}/7.jpg"
    assert filled(template) == "https://x.example/image/1024/7.jpg"
    assert filled(template, ["https://x.example/image/832/9.jpg"]) == "https://x.example/image/832/7.jpg"


def test_what_a_scaling_service_was_asked_for_is_left_out_of_the_larger_address() -> None:
    assert larger("https://x.com/resize/800x600/2024/01/18/a1.jpg") == "https://x.com/2024/01/18/a1.jpg"
    assert larger("https://x.com/mycrop/602/339/ds01/3/6/0a.jpg") == "https://x.com/ds01/3/6/0a.jpg"
    assert larger("https://x.com/crop/350x232/a.jpg") == "https://x.com/crop/350x232/a.jpg"  # no folder behind it


@pytest.mark.parametrize(
    ("large", "other"),
    [
        (
            "/s/boat---17348N_big--24104778013.jpg",
            "/s/boat---17348N_common--24104778013.jpg",
        ),  # a word in the name
        ("/ad/8/h/1_801680N.jpg", "/ad/8/m/1_801680N.jpg"),  # a letter for a folder
        ("/l/103/PX_201802204895N.jpg", "/fchm/103/PX_201802204895N.jpg"),  # a folder of the site's own
    ],
)
def test_a_word_beside_one_for_a_size_is_a_size_where_a_number_names_each_photo(large: str, other: str) -> None:
    numbers = (4213, 5822, 6307)
    urls = [IMG + url.replace("N", str(n)) for n in numbers for url in (large, other)]
    found = together([url] for url in urls)
    assert [set(one) for one in found] == [set(urls[at : at + 2]) for at in (0, 2, 4)]


@pytest.mark.parametrize(
    "photos",
    [
        ("/big/24104778.jpg", "/cabin/24104778.jpg", "/deck/24104778.jpg"),  # the number is that of the boat
        ("/big/24104778_1.jpg", "/big/24104778_2.jpg", "/cabin/24104778_1.jpg", "/cabin/24104778_2.jpg"),
        ("/cabin/24104778.jpg", "/cabin/24104779.jpg", "/deck/24104778.jpg", "/deck/24104779.jpg"),  # no size
        ("/big/1.jpg", "/big/2.jpg", "/cabin/1.jpg", "/cabin/2.jpg"),  # no number names a photo
        ("/photos/4810023.jpg", "/plans/4810023.jpg", "/photos/4810024.jpg", "/plans/4810024.jpg"),  # no size
        ("/4810023.jpg", "/back/4810023.jpg", "/4810024.jpg", "/back/4810024.jpg"),
        tuple(
            f"/{'a/' * 150}{word}_{n}.jpg" for n in (4810023, 4810024) for word in ("big", "common")
        ),  # too long
    ],
)
def test_views_of_one_thing_are_several_photos(photos: tuple[str, ...]) -> None:
    assert len(together([IMG + url] for url in photos)) == len(photos)
