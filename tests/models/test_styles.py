"""The style library: what ships, and what users add, remove and try to break."""

from __future__ import annotations

import dataclasses
import io
import json
import os
import threading

import pytest
from impasto.errors import (
    BadPicture,
    Conflict,
    InvalidParameter,
    PictureTooLarge,
    PictureTooSmall,
    UnknownStyle,
    UnsupportedPicture,
)
from impasto.images import decode, probe
from impasto.models import StyleLibrary
from impasto.parameters import STYLE_ID
from impasto.paths import Paths, shipped
from impasto.settings import Settings
from PIL import Image


@pytest.fixture
def library(tmp_path):
    settings = Settings(data_dir=str(tmp_path / "data"))
    return StyleLibrary(Paths.of(settings), settings)


def picture(form="PNG", mode="RGB", size=(40, 30), **options) -> bytes:
    buffer = io.BytesIO()
    Image.radial_gradient("L").resize(size).convert(mode).save(buffer, form, **options)
    return buffer.getvalue()


def own_files(library):
    return sorted(f.name for f in library._own.glob("*") if f.name != ".lock")


# -- what ships ------------------------------------------------------------------------------------------------------


def test_what_ships(library):
    styles = library.styles()
    assert len(styles) >= 8 and not any(style.own for style in styles)
    assert sum(style.size for style in styles) < 150_000 * len(styles)
    for style in styles:
        assert STYLE_ID.fullmatch(style.id)
        assert style.title and style.painter and style.year and style.licence.startswith("Public domain")
        info = probe(library.picture(style.id))
        assert (info.width, info.height, info.format) == (style.width, style.height, "jpeg")
        assert max(info.width, info.height) <= 800
        assert library.get(style.id) == style
        assert json.loads(json.dumps(style.to_dict()))["kind"] == "picture"


def test_every_shipped_file_is_accounted_for(library):
    files = {f.name for f in shipped("paintings").iterdir()}
    assert files == {f"{style.id}.jpg" for style in library.styles()} | {"styles.yaml"}


def test_a_thumbnail(library):
    info = probe(library.thumbnail("starry-night"))
    assert (max(info.width, info.height), info.format) == (256, "png")


def test_what_ships_stays(library):
    with pytest.raises(Conflict):
        library.remove("starry-night")
    assert library.get("starry-night")


# -- the user's own --------------------------------------------------------------------------------------------------


def test_add_get_remove(library):
    style = library.add("My  Painting\n", picture())
    assert (style.id, style.title, style.own, style.width, style.height) == ("my-painting", "My Painting", True, 40, 30)
    assert library.styles()[-1] == library.get("my-painting") == style
    assert probe(library.thumbnail("my-painting")).width == 40
    library.remove("my-painting")
    assert own_files(library) == []
    with pytest.raises(UnknownStyle):
        library.get("my-painting")
    with pytest.raises(UnknownStyle):
        library.remove("my-painting")


def test_another_name(library):
    before = library.add("My painting", picture())
    renamed = library.rename("my-painting", " Z\u00fcrich\u2019s harbour ")
    assert renamed == library.get("my-painting") == dataclasses.replace(before, title="Z\u00fcrich\u2019s harbour")
    assert own_files(library) == ["my-painting.json", "my-painting.png"]
    assert library.add("My painting", picture()).id == "my-painting-2"
    with pytest.raises(Conflict, match="ships with Impasto and cannot be renamed"):
        library.rename("starry-night", "Mine")


@pytest.mark.parametrize("name", ["", " \n", "x" * 101, "two\nlines", "a\0b", None])
def test_a_name_that_is_none_changes_nothing(library, name):
    style = library.add("My painting", picture())
    with pytest.raises(InvalidParameter):
        library.rename("my-painting", name)
    assert library.get("my-painting") == style


@pytest.mark.parametrize(
    ("name", "id", "title"),
    [
        ("Åsa's Blåbär", "asa-s-blabar", "Åsa's Blåbär"),
        ("神奈川沖浪裏", "style", "神奈川沖浪裏"),
        ("../../etc/passwd", "etc-passwd", "../../etc/passwd"),
        ("..\\..\\boot.ini", "boot-ini", "..\\..\\boot.ini"),
        ("con", "style-con", "con"),
        ("train", "style-train", "train"),
        ("a\0b\x1b[31m", "a-b-31m", "a b [31m"),
        ("", "style", "Style"),
        ("Starry Night", "starry-night-2", "Starry Night"),
        ("x" * 500, "x" * 48, "x" * 120),
    ],
)
def test_names_of_all_kinds(library, name, id, title):
    style = library.add(name, picture())
    assert (style.id, style.title) == (id, title)
    assert STYLE_ID.fullmatch(style.id)
    assert own_files(library) == [f"{id}.json", f"{id}.png"]


def test_what_a_killed_add_left_is_removed(library):
    library.add("one", picture())
    (library._own / ".two.png.99999.part").write_bytes(b"torn")
    library.add("three", picture())
    assert own_files(library) == ["one.json", "one.png", "three.json", "three.png"]


def test_the_same_name_twice(library):
    assert [library.add("sea", picture()).id for _ in range(3)] == ["sea", "sea-2", "sea-3"]


def test_many_at_once_each_get_their_own_id(library):
    threads = [threading.Thread(target=library.add, args=("sea", picture())) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({style.id for style in library.styles() if style.own}) == 6


@pytest.mark.parametrize(
    ("form", "mode", "stored"),
    [
        ("PNG", "RGB", "png"),
        ("PNG", "RGBA", "png"),
        ("PNG", "L", "png"),
        ("JPEG", "RGB", "jpeg"),
        ("TIFF", "RGB", "png"),
        ("PNG", "I;16", "png"),
    ],
)
def test_every_kind_of_picture(library, form, mode, stored):
    data = picture(form, mode)
    style = library.add("x", data)
    kept = decode(library.picture(style.id))
    assert (kept.format, kept.dtype.name) == (stored, "uint8")
    assert abs(kept.rgb - decode(data).rgb).mean() < 0.01
    assert (kept.alpha is None) == (mode != "RGBA")


def test_metadata_is_dropped(library):
    exif = Image.Exif()
    exif[0x010F] = "SECRET-CAMERA"
    style = library.add("x", picture("JPEG", exif=exif, comment=b"SECRET-COMMENT"))
    assert b"SECRET" not in library.picture(style.id)


@pytest.mark.parametrize(
    ("data", "error"),
    [
        (b"", BadPicture),
        (picture()[:60], BadPicture),
        (b"not a picture at all", UnsupportedPicture),
        (b"<svg/>", UnsupportedPicture),
        (picture(size=(8, 8)), PictureTooSmall),
    ],
)
def test_what_is_no_picture_leaves_nothing(library, data, error):
    with pytest.raises(error):
        library.add("x", data)
    assert own_files(library) == []


@pytest.mark.parametrize(
    ("limits", "named"),
    [
        ({"max_megapixels": 1}, "max_megapixels"),
        ({"max_style_megapixels": 1}, "max_style_megapixels"),
        ({"max_megapixels": 1, "max_style_megapixels": 2}, "max_megapixels"),
    ],
)
def test_the_limits_of_the_settings_hold(tmp_path, limits, named):
    settings = Settings(data_dir=str(tmp_path), **limits)
    with pytest.raises(PictureTooLarge) as caught:
        StyleLibrary(Paths.of(settings), settings).add("x", picture(size=(1200, 1000)))
    assert f"setting {named}." in caught.value.hint


# -- ids that are none -----------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "id",
    [
        "",
        ".",
        "..",
        "../styles",
        "../starry-night",
        "%2e%2e%2fx",
        "a/b",
        "a\\b",
        "C:x",
        "/etc/passwd",
        "x\0",
        "UPPER",
        "a" * 65,
        "starry-night.jpg",
        "starry-night\n",
        " starry-night",
        None,
        7,
    ],
)
@pytest.mark.parametrize("ask", ["get", "picture", "thumbnail", "remove"])
def test_an_id_that_is_none(library, id, ask):
    with pytest.raises(UnknownStyle):
        getattr(library, ask)(id)
    with pytest.raises(UnknownStyle):
        library.rename(id, "Mine")


def test_a_near_miss_is_helped(library):
    with pytest.raises(UnknownStyle) as caught:
        library.get("stary-night")
    assert "starry-night" in caught.value.hint


# -- a folder that somebody has been in ------------------------------------------------------------------------------


def tampered(library, **changes):
    library.add("mine", picture())
    file = library._own / "mine.json"
    file.write_text(json.dumps(json.loads(file.read_text(encoding="utf-8")) | changes), encoding="utf-8")


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "other"},
        {"id": "../mine"},
        {"id": 3},
        {"form": "../../secret"},
        {"form": "svg"},
        {"form": ["png"]},
        {"width": "wide"},
        {"height": float("inf")},
    ],
)
def test_a_tampered_record_is_no_style(library, changes):
    tampered(library, **changes)
    assert not any(style.own for style in library.styles())


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b"null", b"\xff\xfe", b'{"id": "mine"}', b"[" * 100_000])
def test_a_broken_record_hides_only_itself(library, content):
    library.add("mine", picture())
    library.add("whole", picture())
    (library._own / "mine.json").write_bytes(content)
    assert [style.id for style in library.styles() if style.own] == ["whole"]


def test_a_record_without_its_picture(library):
    library.add("mine", picture())
    (library._own / "mine.png").unlink()
    assert not any(style.own for style in library.styles())


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
@pytest.mark.parametrize("name", ["mine.png", "mine.json"])
def test_links_out_are_refused(library, tmp_path, name):
    library.add("mine", picture())
    secret = tmp_path / "secret"
    secret.write_bytes((library._own / name).read_bytes())
    (library._own / name).unlink()
    (library._own / name).symlink_to(secret)
    with pytest.raises(UnknownStyle):
        library.picture("mine")
    assert secret.is_file()


def test_an_own_record_cannot_stand_in_for_a_shipped_style(library):
    library.add("x", picture())
    for end in ("json", "png"):
        (library._own / f"x.{end}").rename(library._own / f"starry-night.{end}")
    file = library._own / "starry-night.json"
    file.write_text(file.read_text(encoding="utf-8").replace('"x"', '"starry-night"'), encoding="utf-8")
    assert not library.get("starry-night").own
    assert len([style for style in library.styles() if style.id == "starry-night"]) == 1


@pytest.mark.skipif(os.name == "nt", reason="links need a privilege on Windows")
def test_a_styles_folder_may_lie_elsewhere_but_its_files_may_not(library, tmp_path):
    library.add("mine", picture())
    library._own.rename(tmp_path / "another disk")
    library._own.symlink_to(tmp_path / "another disk", target_is_directory=True)
    assert library.get("mine").own
    network = next(shipped("fast").glob("*.safetensors"))
    (library._own / "linked.safetensors").symlink_to(network)
    assert not any(file.name == "linked.safetensors" for file, _ in library.fast.files())
