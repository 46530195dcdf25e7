"""What was asked for is read and checked in full before anything starts."""

from __future__ import annotations

import pytest
from impasto.cli import stylize_request
from impasto.errors import BadPicture, InvalidParameter, PictureTooLarge, StyleMissing, UnknownStyle, UnsupportedPicture
from impasto.settings import Settings


def read(content, styles, **parameters):
    return stylize_request.read(str(content), [str(s) for s in styles], parameters, "png", Settings(max_megapixels=1))


def test_ids_come_first_as_the_api_has_it_and_their_weights_go_with_them(photo, style):
    asked = read(photo, [style, "great-wave"], style_weights="3,1")
    assert asked.styles == ("great-wave", style.read_bytes())
    assert asked.stylization.style == ("great-wave", "upload:0")
    assert asked.stylization.style_weights == (1.0, 3.0) and asked.values["style_weights"] == "1,3"


def test_several_pictures_keep_their_order(photo, style):
    asked = read(photo, [style, photo], style_weights="2,1")
    assert asked.styles == (style.read_bytes(), photo.read_bytes())
    assert asked.stylization.style == ("upload:0", "upload:1") and asked.stylization.style_weights == (2.0, 1.0)


def test_a_file_counts_before_an_id(photo, folders, style):
    style.rename(folders / "starry-night")
    assert read(photo, ["starry-night"]).stylization.style == ("upload:0",)


@pytest.mark.parametrize(
    "content, styles, parameters, kind, words",
    [
        ("missing.png", ["a"], {}, BadPicture, "no file missing.png"),
        ("empty.png", ["a"], {}, BadPicture, "empty.png: "),
        ("words.txt", ["a"], {}, UnsupportedPicture, "words.txt: "),
        ("drawing.svg", ["a"], {}, UnsupportedPicture, "drawing.svg: "),
        (".", ["a"], {}, BadPicture, "cannot be read"),
        ("photo.png", ["Missing.jpg"], {}, UnknownStyle, "no file Missing.jpg"),
        ("photo.png", ["../x"], {}, UnknownStyle, "../x"),
        ("photo.png", ["empty.png"], {}, BadPicture, "empty.png: "),
        ("photo.png", [], {}, StyleMissing, "No style"),
        ("photo.png", ["a"], {"strength": "2"}, InvalidParameter, "strength"),
        ("photo.png", ["a", "b"], {"style_weights": "1"}, InvalidParameter, "2 styles"),
        ("huge.npy", ["a"], {}, PictureTooLarge, "huge.npy: "),
    ],
)
def test_what_is_wrong_is_named(folders, photo, content, styles, parameters, kind, words):
    (folders / "empty.png").write_bytes(b"")
    (folders / "words.txt").write_text("just words, and not few of them", encoding="utf-8")
    (folders / "drawing.svg").write_text('<?xml version="1.0"?><svg xmlns="http://www.w3.org/2000/svg"/>', encoding="utf-8")
    header = b"{'descr': '|u1', 'fortran_order': False, 'shape': (4000, 4000, 3), }"
    (folders / "huge.npy").write_bytes(b"\x93NUMPY\x01\x00" + len(header).to_bytes(2, "little") + header)
    with pytest.raises(kind) as caught:
        read(content, styles, **parameters)
    assert words in caught.value.message
