"""What a painting's file tells of it: the recipe, and the photograph's metadata, in every format that can hold them."""

from __future__ import annotations

import io

import numpy as np
import pytest
from impasto import images
from impasto.engine.engine import Engine
from impasto.images import exif
from impasto.methods.encoded import stylize_encoded
from impasto.models import recipes
from impasto.observer import Observer
from impasto.settings import Settings
from impasto.stylization import Stylization
from PIL import Image

SHAPE = (40, 56, 3)
FORMATS = ["png", "jpeg", "webp", "tiff"]


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("recipes")
    return Engine(Settings(data_dir=str(folder), weights_dir=str(folder / "none"), offline=True, device="cpu", cpu_threads=1))


def photograph() -> bytes:
    """It lies on its side, and tells whose camera took it where."""
    tags = Image.Exif()
    tags[0x010F], tags[0x0112], tags[0x0132] = "Canon", 6, "2024:05:06 07:08:09"
    tags[0x8825] = {1: "N", 2: (48.0, 12.0, 30.0)}
    buffer = io.BytesIO()
    pixels = np.random.default_rng(2).integers(0, 256, SHAPE, np.uint8)
    packet = (
        b'<x:xmpmeta xmlns:x="adobe:ns:meta/"><rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">'
        b'<rdf:Description rdf:about="" xmlns:xmp="http://ns.adobe.com/xap/1.0/" xmp:Label="Garden"/></rdf:RDF></x:xmpmeta>'
    )
    Image.fromarray(pixels).save(buffer, "WEBP", lossless=True, exif=tags.tobytes(), xmp=packet)
    return buffer.getvalue()


def paint(engine: Engine, styles: list[str | bytes], output: dict, content: bytes = b"", **values) -> bytes:
    names = [f"upload:{i}" if isinstance(one, bytes) else one for i, one in enumerate(styles)]
    stylization = Stylization.parse({"style": names, **values})

    def read_style(position: int) -> bytes | None:
        return styles[position] if isinstance(styles[position], bytes) else None

    return stylize_encoded(engine, stylization, lambda: content or photograph(), read_style, output, Observer()).data


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMATS)
def test_a_painting_carries_its_recipe_and_is_repeated_by_it(engine, form):
    styles, values = ["great-wave", "scream"], {"strength": 0.8, "style_weights": "2,1", "seed": 5}
    first = paint(engine, styles, {"format": form}, **values)
    recipe = recipes.read(first)
    assert [style.id for style in recipe.styles] == styles and [style.weight for style in recipe.styles] == [2.0, 1.0]
    assert recipe.styles[0].title == engine.styles.get("great-wave").title and len(recipe.network) == 64
    assert recipe.styles[0].sha256 == recipes.digest(engine.styles.picture("great-wave"))
    assert recipe.values["method"] == "fast" and recipe.values["strength"] == 0.8 and "loss" not in recipe.values
    assert (recipe.width, recipe.height) == (40, 56) == (recipe.painted_width, recipe.painted_height)
    found, notes = recipes.find_styles(recipe, engine.styles)
    assert paint(engine, found, {"format": form}, **recipe.fields()) == first and not notes


@pytest.mark.parametrize("form", FORMATS)
def test_a_painting_carries_the_photograph_s_metadata(engine, form):
    painted = paint(engine, ["great-wave"], {"format": form})
    tags = Image.open(io.BytesIO(painted)).getexif()
    assert (tags[0x010F], tags[0x0112], tags[0x0132]) == ("Canon", 1, "2024:05:06 07:08:09")
    assert tags.get_ifd(0x8825)[2] == (48.0, 12.0, 30.0)
    picture = images.decode(painted)
    assert (picture.width, picture.height) == (40, 56) and b"Garden" in picture.xmp


@pytest.mark.slow
@pytest.mark.parametrize("form", [*FORMATS, "npy"])
def test_strip_leaves_nothing_and_paints_the_same(engine, form):
    plain = paint(engine, ["great-wave"], {"format": form, "strip": True})
    for sign in (b"Canon", b"2024:", b"Garden", b"great-wave", b"Exif", b"EXIF", b"eXIf", b"rdf:", b"XMP", b"iTXt", b"impasto"):
        assert sign not in plain
    with_all = paint(engine, ["great-wave"], {"format": form, "strip": False})
    assert np.array_equal(images.decode(plain).rgb, images.decode(with_all).rgb)


def test_the_setting_strips_where_nothing_is_said(tmp_path):
    engine = Engine(Settings(data_dir=str(tmp_path), offline=True, device="cpu", cpu_threads=1, strip_metadata=True))
    assert b"Canon" not in paint(engine, ["great-wave"], {"format": "png"}, strength=0)
    assert b"Canon" in paint(engine, ["great-wave"], {"format": "png", "strip": False}, strength=0)


def test_a_picture_of_one_s_own_is_named_by_its_digest_and_not_kept(engine):
    own = images.encode(images.Picture(np.full((20, 20, 3), 0.25, np.float32)), "png")
    painted = paint(engine, [own], {"format": "png"}, strength=0)
    [style] = recipes.read(painted).styles
    assert (style.id, style.title, style.sha256, style.picture) == ("", "", recipes.digest(own), b"")
    assert own not in painted and str(engine.paths.data).encode() not in painted


def test_a_painting_of_a_painting_has_its_own_recipe_alone(engine):
    first = paint(engine, ["great-wave"], {"format": "png"}, strength=0)
    again = paint(engine, ["scream"], {"format": "png"}, first, strength=0)
    assert recipes.read(again).styles[0].id == "scream" and b"great-wave" not in again


@pytest.mark.filterwarnings("ignore:Corrupt EXIF data")
def test_metadata_never_fail_a_painting(engine):
    whole = photograph()
    place = whole.index(b"EXIF") + 8
    place += 6 * whole[place:].startswith(b"Exif")
    damaged = whole[: place + 4] + b"\xff\xff\xff\x7f" + whole[place + 8 :].replace(b"</rdf:RDF>", b"</rdf:RDX>")
    painted = images.decode(paint(engine, ["great-wave"], {"format": "jpeg"}, damaged, strength=0))
    assert painted.recipe and painted.exif == exif.Exif() and not painted.xmp
