"""Threads of forums: the first post is the advert, with photos that lie on the forum and elsewhere."""

import pytest

from curate.fetch.sources.auto import extract
from curate.fetch.sources.listing import Listing
from curate.fetch.sources.photo_addresses import is_address
from tests.fetch.sources.painted_adverts import page

CODES = ("f64c6722", "4d1065b1", "22514b00")


def read(first: str, url: str, post: str, head: str) -> Listing:
    """The listing of a thread of two posts, the first of which holds `first`; `post` is the id of a post."""
    face = '<a href="/member?u=9"><img class="avatar" src="/image.php?u=9&amp;dateline=1401"></a>'
    answer = '<blockquote>What a car</blockquote>Mine:<img class="shown" src="https://i.host.example/x/mine.jpg">'
    posts = "".join(
        f'<div id="{post}{n}" class="post">{face}<div class="body"><h3>{title}</h3>{text}</div></div>'
        for n, title, text in ((201177, "Old Citroen for sale", first), (201180, "Re: Old Citroen", answer))
    )
    (listing,) = extract(page(f"{posts}", head=head), url, True).listings
    return listing


def test_the_photos_of_a_post_are_attachments_by_number_and_those_on_the_site_they_lead_to() -> None:
    hosted = "".join(
        f'<a href="https://host.example/{code}"><img class="shown" src="https://i.host.example/{code}x/IMG-00{n}.jpg"></a>'
        for n, code in enumerate(CODES)
    )
    files = "".join(
        f'<dl><dt><a href="./download/file.php?id={n}&amp;mode=view">'
        f'<img src="./download/file.php?id={n}&amp;t=1"></a></dt></dl>'
        for n in (9912, 9913)
    )
    mood = '<img src="./images/smilies/smile.png"><img src="./images/misc/paperclip.png">'
    sign = '<div class="signature"><img src="https://i.host.example/sig0/other-car.jpg"></div>'
    ad = '<a href="https://shop.example/"><img src="./images/parts.jpg"></a>'
    head = "<title>Old Citroen for sale - Classics</title>"
    text = f"<h1>Classics</h1>{hosted}{mood}{files}{ad}{sign}"
    one = read(text, "https://cars.example/forum/viewtopic.php?t=18842", "p", head)
    assert one.title == "Old Citroen for sale"
    assert [photo.url for photo in one.photos] == [
        *(f"https://i.host.example/{code}x/IMG-00{n}.jpg" for n, code in enumerate(CODES)),
        *(f"https://cars.example/forum/download/file.php?id={n}&mode=view" for n in (9912, 9913)),
    ]


def test_a_label_before_the_title_of_a_thread_is_none_of_it() -> None:
    files = "".join(
        f'<a href="attachment.php?attachmentid={n}&amp;d=17">'
        f'<img src="attachment.php?attachmentid={n}&amp;d=17&amp;thumb=1"></a>'
        for n in (70110, 70111, 70112)
    )
    text = f"<h1>Vux: Old Citroen for sale</h1>{files}"
    head = "<title>Old Citroen for sale</title>"
    one = read(text, "https://cars.example/forum/showthread.php?t=61237", "post_", head)
    assert one.title == "Old Citroen for sale"
    assert [len(photo.aliases) for photo in one.photos] == [1, 1, 1]
    assert one.photos[2].url == "https://cars.example/forum/attachment.php?attachmentid=70112&d=17"


@pytest.mark.parametrize(
    ("address", "photo"),
    [
        ("attachment.php?attachmentid=70110&d=17", True), ("./download/file.php?id=9912&t=1", True),
        ("/track.php?id=9912", False), ("/profile.php?id=9912", False), ("/image.php", False),
    ],
)  # fmt: skip
def test_a_script_that_gives_files_by_number(address: str, photo: bool) -> None:
    assert is_address(address, surely_photo=True) is photo
    assert not is_address(address, surely_photo=False)


def test_a_shop_of_sewing_threads_is_no_forum() -> None:
    """Its system gives its articles the ids that posts have."""
    photos = [f"https://shop.example/up/blue_{k}.jpg" for k in "123"]
    gallery = "".join(f'<img src="{photo}">' for photo in photos)
    below = '<article id="post-77"><p>How to</p><img src="https://shop.example/tips/how.jpg"></article>'
    text = page(f'<h1>Blue thread</h1><div class="gallery">{gallery}</div><b>9 €</b>{below}')
    (one,) = extract(text, "https://shop.example/p/sewing-thread-blue/", True).listings
    assert [photo.url for photo in one.photos] == photos
