"""EXIF, XMP and the recipe: what goes on from a photograph to its painting, and what must not."""

from __future__ import annotations

import io
import struct
from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from impasto.images import decode, encode, exif, probe, recipe_of, stripped, without_metadata
from PIL import Image

from . import files

ARRAY = files.samples("uint8", 3, 40, 24)
HOLDING = ["png", "jpeg", "webp", "tiff"]
RECIPE = '{"impasto": 1, "title": "Der Kuß & <mehr>"}'
THUMBNAIL = files.pil(np.zeros((16, 16, 3), np.uint8), "JPEG", comment=b"SECRET-THUMBNAIL")
MAKER = b"SECRET-MAKER" + bytes(40)

CAMERA, DATE, GPS_LATITUDE = b"Canon\0", b"2024:05:06 07:08:09\0", (48, 1, 12, 1, 345, 10)
FORM = "http://www.w3.org/1999/02/22-rdf-syntax-ns#"


def directory(order: str, place: int, entries: list[tuple[int, int, int, bytes]], following: int = 0) -> bytes:
    """A TIFF directory at ``place``, written by hand, with its long values behind it."""
    out, heap = struct.pack(order + "H", len(entries)), b""
    start = place + 6 + 12 * len(entries)
    for tag, kind, count, data in entries:
        short = len(data) <= 4
        out += struct.pack(order + "HHI", tag, kind, count)
        out += data.ljust(4, b"\0") if short else struct.pack(order + "I", start + len(heap))
        heap += b"" if short else data + bytes(len(data) % 2)
    return out + struct.pack(order + "I", following) + heap


def exif_block(order: str = "<", orientation: int = 6) -> bytes:
    """As a camera writes it: the picture, the shot with a maker's note, the place, and a thumbnail."""

    def number(letter: str, *values: int) -> bytes:
        return struct.pack(order + str(len(values)) + letter, *values)

    gps = [(1, 2, 2, b"N\0"), (2, 5, 3, number("I", *GPS_LATITUDE))]
    shot = [
        (0x829A, 5, 1, number("I", 1, 250)),
        (0x9003, 2, 20, DATE),
        (0x9214, 3, 4, number("H", 7, 8, 3, 4)),
        (0x927C, 7, len(MAKER), MAKER),
        (0xA002, 4, 1, number("I", 4000)),
        (0xA003, 4, 1, number("I", 3000)),
    ]
    pointers = {0x8769: 0, 0x8825: 0}
    for _ in range(2):
        main = [
            (0x010F, 2, len(CAMERA), CAMERA),
            (0x0112, 3, 1, number("H", orientation)),
            *((tag, 4, 1, number("I", place)) for tag, place in pointers.items()),
        ]
        first = directory(order, 8, main)
        pointers[0x8769] = 8 + len(first)
        pointers[0x8825] = pointers[0x8769] + len(directory(order, 0, shot))
    rest = directory(order, pointers[0x8769], shot) + directory(order, pointers[0x8825], gps)
    last = 8 + len(first) + len(rest)
    first = directory(order, 8, main, following=last)
    small = last + 6 + 24
    thumbnail = [(0x0201, 4, 1, number("I", small)), (0x0202, 4, 1, number("I", len(THUMBNAIL)))]
    begin = {"<": b"II*\0", ">": b"MM\0*"}[order] + number("I", 8)
    return begin + first + rest + directory(order, last, thumbnail) + THUMBNAIL


def xmp(
    inside: str = '<dc:title xmlns:dc="http://purl.org/dc/elements/1.1/">Garten &amp; Haus</dc:title>', more: str = ""
) -> bytes:
    described = f'<rdf:Description rdf:about="" xmlns:tiff="http://ns.adobe.com/tiff/1.0/" {more}>{inside}</rdf:Description>'
    body = f'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="{FORM}">{described}</rdf:RDF></x:xmpmeta>'
    return f'<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>{body}<?xpacket end="w"?>'.encode()


def photograph(name: str, block: bytes = b"", packet: bytes = b"") -> bytes:
    """A picture with metadata, not written by us."""
    if name == "png":
        chunks = [files.chunk(b"eXIf", block)] if block else []
        chunks += [files.chunk(b"iTXt", b"XML:com.adobe.xmp" + bytes(5) + packet)] if packet else []
        return files.png(ARRAY, b"".join(chunks))
    if name == "tiff":
        tags = [(271, 2, len(CAMERA), CAMERA, True), (274, 3, 1, 6, True)] if block else []
        return files.tiff(ARRAY, photometric="rgb", extratags=[*tags, (700, 1, len(packet), packet, True)] if packet else tags)
    options = {"jpeg": {"quality": 100, "subsampling": 0}, "webp": {"lossless": True}}[name]
    options |= ({"exif": b"Exif\0\0" + block} if block else {}) | ({"xmp": packet} if packet else {})
    return files.pil(ARRAY, name.upper(), **options)


def packet_of(data: bytes) -> bytes:
    """The XMP of a result, found without our own reader."""
    packet = data[data.index(b"<x:xmpmeta") : data.index(b"</x:xmpmeta>") + 12]
    ElementTree.fromstring(packet)
    return packet


@pytest.mark.parametrize("order", "<>")
@pytest.mark.parametrize("target", HOLDING)
@pytest.mark.parametrize("source", ["png", "jpeg", "webp"])
def test_exif_is_carried_upright_and_without_its_thumbnail(source, target, order):
    answer = encode(decode(photograph(source, exif_block(order))), target)
    assert b"SECRET" not in answer and b"\xff\xd8\xff" not in answer[2:]
    tags = Image.open(io.BytesIO(answer)).getexif()
    shot, place = tags.get_ifd(0x8769), tags.get_ifd(0x8825)
    assert (tags[0x010F], tags[0x0112]) == ("Canon", 1)
    assert (shot[0x829A], shot[0x9003]) == (1 / 250, "2024:05:06 07:08:09")
    assert (shot[0xA002], shot[0xA003]) == (40, 24), "the size of the upright picture"
    assert 0x9214 not in shot, "a place in the picture as it lay"
    assert (place[1], place[2]) == ("N", (48.0, 12.0, 34.5))
    again = decode(answer)
    assert (again.width, again.height) == (40, 24)
    assert again.exif.main.items() >= decode(photograph(source, exif_block())).exif.main.items()


@pytest.mark.parametrize("target", HOLDING)
def test_a_tiff_s_own_tags_are_carried(target):
    picture = decode(photograph("tiff", exif_block()))
    tags = Image.open(io.BytesIO(encode(picture, target))).getexif()
    assert (tags[0x010F], tags[0x0112]) == ("Canon", 1)


@pytest.mark.parametrize("kind", [{"bigtiff": True}, {"byteorder": ">"}, {"byteorder": ">", "bigtiff": True}])
def test_tags_are_put_into_a_tiff_of_any_flavour(kind):
    carried = decode(photograph("jpeg", exif_block())).exif
    data = bytearray(files.tiff(ARRAY, photometric="rgb", software=False, **kind))
    for place, piece in exif.behind_tiff(memoryview(bytes(data)), carried, xmp()):
        data[place : place + len(piece)] = piece
    again = decode(bytes(data))
    assert again.exif == carried and b"Haus" in again.xmp and np.array_equal(np.rint(again.rgb * 255), ARRAY)


@pytest.mark.parametrize("name", HOLDING)
def test_what_we_have_written_is_read_again_in_full(name):
    picture = replace(decode(photograph("jpeg", exif_block(), xmp())), recipe=RECIPE, dpi=(300.0, 150.0))
    first = decode(encode(picture, name))
    second = decode(encode(first, name))
    assert first.exif == second.exif and first.xmp == second.xmp == picture.xmp
    assert first.recipe == second.recipe == RECIPE == recipe_of(encode(first, name))
    assert first.dpi == pytest.approx((300, 150), abs=0.02)
    assert np.array_equal(decode(encode(stripped(picture), name)).rgb, first.rgb), "the pixels are the same"


@pytest.mark.parametrize("target", HOLDING)
@pytest.mark.parametrize("source", HOLDING)
def test_xmp_is_carried_with_the_recipe_beside_it(source, target):
    answer = encode(replace(decode(photograph(source, packet=xmp())), recipe=RECIPE), target)
    tree = ElementTree.fromstring(packet_of(answer))
    assert tree.find(".//{http://purl.org/dc/elements/1.1/}title").text == "Garten & Haus"
    assert tree.find(".//{urn:x-impasto:1.0/}recipe").text == RECIPE
    again = encode(replace(decode(answer), recipe="{}"), target)
    recipes = ElementTree.fromstring(packet_of(again)).findall(".//{urn:x-impasto:1.0/}recipe")
    assert [one.text for one in recipes] == ["{}"], "the newest alone"


def test_xmp_s_own_orientation_and_sizes_are_put_right():
    inside = '<exif:PixelXDimension xmlns:exif="http://ns.adobe.com/exif/1.0/">4000</exif:PixelXDimension><q:x xmlns:q="urn:q"/>'
    picture = decode(
        photograph("jpeg", exif_block(), xmp(inside, 'tiff:Orientation="6" tiff:ImageLength="3000" tiff:Make="Canon"'))
    )
    packet = packet_of(encode(picture)).decode()
    assert 'tiff:Orientation="1"' in packet and 'tiff:ImageLength="24"' in packet and 'tiff:Make="Canon"' in packet
    assert ">40</exif:PixelXDimension>" in packet and "<q:x" in packet


def test_what_tells_of_further_pictures_is_left_out():
    inside = (
        '<c:Directory xmlns:c="http://ns.google.com/photos/1.0/container/">SECRET</c:Directory>'
        '<xmp:Thumbnails xmlns:xmp="http://ns.adobe.com/xap/1.0/">SECRET</xmp:Thumbnails><q:x xmlns:q="urn:q">kept</q:x>'
    )
    more = 'xmlns:hdrgm="http://ns.adobe.com/hdr-gain-map/1.0/" hdrgm:Version="SECRET" xmlns:n="http://ns.adobe.com/xmp/note/" '
    answer = encode(decode(photograph("jpeg", packet=xmp(inside, more + 'n:HasExtendedXMP="SECRET"'))))
    assert b"SECRET" not in answer and b">kept<" in answer
    assert not decode(answer).notes, "no gain map is said to be in it"


DOCTYPE = b'<!DOCTYPE x [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c SYSTEM "file:///etc/passwd">]>'
NOT_XMP = {
    "no XML": b"SECRET not XML",
    "another XML": b"<html>SECRET</html>",
    "half a packet": xmp("SECRET")[:-80],
    "a bomb": DOCTYPE + xmp("SECRET &b;"),
    "an address": DOCTYPE + xmp("SECRET &c;"),
    "an unknown prefix": xmp("<nobody:x>SECRET</nobody:x>"),
    "too deep": xmp("<q>" * 5000 + "SECRET" + "</q>" * 5000),
    "too many elements": xmp("SECRET" + "<q/>" * 15_000 + "<q></q>" * 6000),
    "too many attributes": xmp("SECRET", " ".join(f'a{number}=""' for number in range(40_000))),
    "another encoding": "\ufeff".encode("utf-16-le") + xmp("SECRET").decode().encode("utf-16-le"),
    "bytes that are no text": xmp("SECRET").replace(b"</", b"\xff</"),
    "an RDF that is not there": b'<x:xmpmeta xmlns:x="adobe:ns:meta/">SECRET</x:xmpmeta>',
}


@pytest.mark.parametrize("packet", NOT_XMP.values(), ids=list(NOT_XMP))
@pytest.mark.parametrize("name", ["png", "tiff"])
def test_what_is_no_xmp_is_left_out(name, packet):
    picture = decode(photograph(name, packet=packet))
    answer = encode(replace(picture, recipe=RECIPE), name)
    assert b"SECRET" not in answer and b"root:" not in answer and decode(answer).recipe == RECIPE


def test_an_enormous_packet_is_left_out():
    packet = xmp("<q>" + "SECRET" * 200_000 + "</q>")
    for name in ("png", "tiff", "webp"):
        assert b"SECRET" not in encode(decode(photograph(name, packet=packet)), name)


def test_a_jpeg_takes_as_much_as_a_segment_holds():
    long = xmp("<q>" + "x" * 70_000 + "</q>")
    comment = struct.pack("<HHII", 0x9286, 7, 70_000, 26 + 18) + bytes(4)
    block = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x8769, 4, 1, 26, 0) + struct.pack("<H", 1) + comment + b"c" * 70_000
    picture = replace(decode(photograph("png", block, long)), recipe=RECIPE)
    assert len(picture.exif.photo[0x9286].data) == 70_000 and len(picture.xmp) > 70_000
    answer = encode(picture, "jpeg")
    assert decode(answer).recipe == RECIPE and b"c" * 1000 not in answer and b"x" * 1000 not in answer
    assert b"c" * 70_000 in encode(picture, "png") and b"x" * 70_000 in encode(picture, "png")


DAMAGED = {
    "a directory beyond the end": b"II*\0\xff\xff\xff\xff",
    "a wild pointer": b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x8769, 4, 1, 0xFFFFFFF0) + bytes(4),
    "a pointer to itself": b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x8769, 4, 1, 8) + bytes(4),
    "a value beyond the end": b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x010F, 2, 0x7FFFFFFF, 8) + bytes(4),
    "a broken fraction": b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x010F, 5, 0, 8) + bytes(4),
    "an unknown kind": b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHII", 0x010F, 99, 1, 8) + bytes(4),
}


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data", "ignore:Tag data larger than file")
@pytest.mark.parametrize("block", DAMAGED.values(), ids=list(DAMAGED))
def test_damaged_exif_is_left_out(block):
    picture = decode(photograph("png", block))
    assert not picture.exif and b"eXIf" not in encode(picture)


def test_values_that_point_at_the_same_bytes_are_not_taken_over_and_over():
    entries = b"".join(struct.pack("<HHII", tag, 7, 300_000, 1000) for tag in range(0x9000, 0x9020))
    shot = struct.pack("<H", 32) + entries + bytes(4)
    block = b"II*\0" + struct.pack("<IHHHIII", 8, 1, 0x8769, 4, 1, 26, 0) + shot
    carried = decode(photograph("png", block.ljust(301_000, b"\1"))).exif
    assert sum(len(value.data) for value in carried.photo.values()) < 1_000_000


def test_one_damaged_value_does_not_take_the_others_along():
    block = exif_block()
    place = block.index(struct.pack("<HHI", 0x9003, 2, 20)) + 8
    picture = decode(photograph("png", block[:place] + b"\xff\xff\xff\xff" + block[place + 4 :]))
    assert 0x9003 not in picture.exif.photo and 0x829A in picture.exif.photo and picture.exif.main


@pytest.mark.parametrize("name", HOLDING)
def test_a_recipe_that_another_program_has_written_anew_is_found(name):
    """RDF may have a property as an attribute, too, under any prefix, beside others."""
    quoted = RECIPE.replace("&", "&amp;").replace("<", "&lt;").replace('"', "&quot;")
    packet = xmp(more=f'xmlns:ns1="urn:x-impasto:1.0/" ns1:recipe="{quoted}"')
    data = photograph(name, packet=packet)
    assert recipe_of(data) == decode(data).recipe == RECIPE
    again = encode(replace(decode(data), recipe="{}"), name)
    assert "Kuß".encode() not in again and decode(again).recipe == "{}" and b"Haus" in again


CHANGES = st.lists(st.tuples(st.integers(0, 600), st.sampled_from([0, 1, 2, 60, 62, 255]) | st.integers(0, 255)), max_size=6)


@pytest.mark.slow
@given(CHANGES, CHANGES, st.sampled_from("<>"))
@settings(max_examples=100, deadline=None)
@pytest.mark.filterwarnings("ignore")
def test_whatever_is_left_of_damaged_metadata_is_written_and_read_again(block_changes, packet_changes, order):
    block, packet = bytearray(exif_block(order)), bytearray(xmp())
    for data, changes in ((block, block_changes), (packet, packet_changes)):
        for place, value in changes:
            data[place % len(data)] = value
    first = decode(photograph("png", bytes(block), bytes(packet)))
    for name in HOLDING:
        again = decode(encode(replace(first, recipe=RECIPE), name))
        assert again.recipe == RECIPE and again.xmp == first.xmp
        assert again.exif.place == first.exif.place and again.exif.main == first.exif.main


@pytest.mark.parametrize("name", [*HOLDING, "npy"])
def test_stripped_is_stripped(name):
    picture = replace(decode(photograph("jpeg", exif_block(), xmp("<q>SECRET</q>"))), recipe=RECIPE, dpi=(321.0, 321.0))
    plain = encode(stripped(picture), name)
    for sign in (b"Canon", b"2024:05", b"SECRET", b"Exif", b"EXIF", b"eXIf", b"xmp", b"XMP", b"rdf", b"impasto", b"iTXt", b"pHYs"):
        assert sign not in plain
    assert decode(plain).dpi is None or name == "jpeg" and probe(plain).dpi == (72, 72)


@pytest.mark.parametrize("lossless", [True, False])
@pytest.mark.parametrize("name", [*HOLDING, "npy"])
def test_a_file_without_its_metadata_has_the_same_pixels_and_profile(name, lossless):
    wide = files.rgb_profile(files.P3, 2.2)
    photo = replace(decode(photograph("jpeg", exif_block(), xmp("<q>SECRET</q>"))), icc=wide, lossless=lossless)
    whole = encode(replace(photo, recipe=RECIPE, dpi=(321.0, 321.0)), name)
    bare = without_metadata(whole)
    assert bare == encode(stripped(photo), name), "as if it had never had any"
    assert without_metadata(bare) == bare
    picture = decode(bare)
    assert np.array_equal(picture.rgb, decode(whole).rgb) and picture.icc == (None if name == "npy" else wide)
    for sign in (b"Canon", b"2024:05", b"SECRET", b"Exif", b"EXIF", b"rdf", b"impasto", b"iTXt", b"pHYs"):
        assert sign not in bare


def test_the_profile_stays_where_all_else_is_stripped():
    p3 = files.rgb_profile(files.P3, 2.2)
    picture = decode(files.pil(ARRAY, "PNG", icc_profile=p3))
    assert decode(encode(stripped(picture))).icc == p3


def test_a_profile_and_exif_s_colour_space_agree():
    plain, wide = photograph("jpeg", exif_block()), files.rgb_profile(files.P3, 2.2)
    for data, number in ((plain, 1), (files.pil(ARRAY, "PNG", icc_profile=wide, exif=b"Exif\0\0" + exif_block()), 0xFFFF)):
        assert Image.open(io.BytesIO(encode(decode(data)))).getexif().get_ifd(0x8769)[0xA001] == number


def test_a_comment_in_unicode_is_turned_with_its_numbers():
    text = "Grüße".encode("utf-16-be")
    values = directory(">", 26, [(0x9286, 7, 8 + len(text), b"UNICODE\0" + text)])
    block = b"MM\0*" + struct.pack(">IHHHIII", 8, 1, 0x8769, 4, 1, 26, 0) + values
    assert decode(photograph("png", block)).exif.photo[0x9286].data == b"UNICODE\0" + "Grüße".encode("utf-16-le")


def test_a_text_that_unpacks_without_end_is_not_a_recipe():
    bomb = files.chunk(b"iTXt", b"impasto\0\1\0\0\0" + files.zeros_deflated(300 * files.MB))
    assert len(recipe_of(files.png(ARRAY, bomb))) < 2 * files.MB
