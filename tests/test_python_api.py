"""import impasto: arrays and Pillow images in, the same kind out; the documented examples run."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import impasto
import numpy as np
import pytest
from impasto import errors
from PIL import Image

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / "python.md").read_text(encoding="utf-8"), re.S | re.M)
SIDE = 48
TOP = {"uint8": 255, "uint16": 65535, "float32": 1}


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("python")
    return impasto.Engine(impasto.Settings(data_dir=str(folder), offline=True, device="cpu", cpu_threads=1))


def ramp(channels, dtype):
    """A picture with something in it, (SIDE, SIDE + 8) or with channels."""
    y, x = np.mgrid[0:SIDE, 0 : SIDE + 8].astype(np.float32)
    values = np.stack([(x / 60 + 0.1 * c) % 1 * (y / 50) for c in range(max(1, channels))], 2)
    values = (values * TOP[dtype]).astype(dtype)
    return values[:, :, 0] if channels == 0 else values


@pytest.mark.parametrize("dtype", ["uint8", "uint16", "float32"])
@pytest.mark.parametrize("channels", [0, 1, 2, 3, 4])
def test_an_array_comes_back_as_it_was_but_painted(engine, channels, dtype):
    before = ramp(channels, dtype)
    kept = before.copy()
    after = impasto.stylize(before, "starry-night", engine=engine)
    assert after.shape == before.shape and after.dtype == before.dtype
    assert np.array_equal(before, kept), "what is given is not written to"
    if channels in (2, 4):
        assert np.array_equal(after[:, :, -1], before[:, :, -1])
    colours = slice(None) if channels == 0 else (..., slice(0, channels - (channels in (2, 4))))
    assert (
        np.abs(after[colours].astype(float) - before[colours]).mean() > 0.01 * {"uint8": 255, "uint16": 65535, "float32": 1}[dtype]
    )


@pytest.mark.parametrize("mode", ["L", "LA", "RGB", "RGBA", "I;16", "P", "CMYK"])
def test_a_pillow_image_comes_back_as_one(engine, mode):
    rgba = Image.fromarray(ramp(4, "uint8"))
    if mode == "I;16":
        image = Image.fromarray(ramp(0, "uint16"))
    else:
        image = rgba.convert(mode) if mode.endswith("A") else rgba.convert("RGB").convert(mode)
    painted = impasto.stylize(image, "great-wave", engine=engine)
    assert isinstance(painted, Image.Image) and painted.size == image.size
    assert painted.mode == (mode if mode not in ("P", "CMYK") else "RGB")


def test_strength_0_changes_nothing(engine):
    before = ramp(4, "uint16")
    assert np.array_equal(impasto.stylize(before, "starry-night", strength=0, engine=engine), before)


def test_a_parameter_without_effect_is_noted(engine):
    notes = []
    impasto.stylize(ramp(3, "uint8"), "starry-night", method="fast", loss="gram", note=notes.append, engine=engine)
    assert len(notes) == 1 and "loss" in notes[0]


def test_a_colour_profile_goes_along(engine):
    from PIL import ImageCms

    image = Image.fromarray(ramp(3, "uint8"))
    image.info["icc_profile"] = ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
    assert impasto.stylize(image, "starry-night", engine=engine).info["icc_profile"] == image.info["icc_profile"]


class Enough(Exception):
    pass


def test_what_progress_raises_ends_it(engine):
    def progress(step):
        raise Enough

    with pytest.raises(Enough):
        impasto.stylize(ramp(3, "uint8"), "starry-night", progress=progress, engine=engine)


def test_the_plan_tells_method_size_and_seconds(engine):
    plan = impasto.plan((4000, 3000), "starry-night", resolution=1000, engine=engine)
    assert (plan.method, plan.width, plan.height) == ("fast", 1000, 750) and plan.seconds > 0
    assert impasto.plan(ramp(3, "uint8"), ramp(3, "uint8"), engine=engine).method == "iterative"


@pytest.mark.parametrize(
    "content, style, parameters, error",
    [
        (np.zeros((64, 64, 3), np.int32), "starry-night", {}, errors.UnsupportedPicture),
        (np.zeros((64, 64, 5), np.uint8), "starry-night", {}, errors.UnsupportedPicture),
        (np.zeros((0, 64, 3), np.uint8), "starry-night", {}, errors.UnsupportedPicture),
        (np.zeros((8, 64, 3), np.uint8), "starry-night", {}, errors.PictureTooSmall),
        ("photo.jpg", "starry-night", {}, errors.InvalidParameter),
        (np.zeros((64, 64, 3), np.uint8), "starry-night", {"strength": 2}, errors.InvalidParameter),
        (np.zeros((64, 64, 3), np.uint8), "starry-night", {"strenght": 1}, errors.UnknownParameter),
        (np.zeros((64, 64, 3), np.uint8), "starry-nite", {}, errors.UnknownStyle),
        (np.zeros((64, 64, 3), np.uint8), [], {}, errors.StyleMissing),
        (np.zeros((64, 64, 3), np.uint8), Path("there is none.jpg"), {"iterations": 1}, errors.BadPicture),
    ],
)
def test_what_cannot_be_painted_is_an_error_of_the_one_tree(engine, content, style, parameters, error):
    with pytest.raises(error) as raised:
        impasto.stylize(content, style, engine=engine, **parameters)
    assert raised.value.message


def test_styles_are_listed():
    listed = impasto.styles()
    assert {"starry-night", "great-wave"} <= {style.id for style in listed if style.fast}


def test_titles_must_fit_the_paintings(engine):
    with pytest.raises(errors.InvalidParameter, match="titles"):
        impasto.learn([ramp(3, "uint8")], ["One", "Two"], engine=engine)


def test_nothing_else_is_public_and_a_typo_is_an_attribute_error():
    assert all(getattr(impasto, name) for name in impasto.__all__)
    with pytest.raises(AttributeError, match="stylise"):
        impasto.stylise  # noqa: B018


@pytest.mark.slow
@pytest.mark.parametrize("code", EXAMPLES, ids=range(len(EXAMPLES)))
def test_the_documented_examples_run(code, tmp_path):
    (tmp_path / "examples").symlink_to(ROOT / "examples", target_is_directory=True)
    (tmp_path / "out").mkdir()
    environment = {**os.environ, "IMPASTO_DATA_DIR": str(tmp_path / "data"), "IMPASTO_OFFLINE": "true"}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=240
    )
    assert done.returncode == 0, done.stderr


def test_a_file_is_painted_with_its_metadata_and_again_by_its_recipe(engine, tmp_path):
    tags = Image.Exif()
    tags[0x010F], tags[0x0112] = "Canon", 6
    Image.fromarray(ramp(3, "uint8")).save(tmp_path / "photo.png", exif=tags)
    first, again, plain = (tmp_path / name for name in ("first.jpg", "again.jpg", "plain.jpg"))
    own = ramp(3, "uint8")[::-1]
    impasto.stylize_file(tmp_path / "photo.png", first, "great-wave", strength=0.8, seed=3, engine=engine)
    assert Image.open(first).getexif()[0x010F] == "Canon" and Image.open(first).size == (SIDE, SIDE + 8)
    recipe = impasto.read_recipe(first)
    assert isinstance(recipe, impasto.Recipe) and recipe.values["strength"] == 0.8 and recipe.styles[0].id == "great-wave"
    impasto.stylize_file(tmp_path / "photo.png", again, recipe=first, engine=engine)
    assert again.read_bytes() == first.read_bytes()
    impasto.stylize_file(tmp_path / "photo.png", plain, own, recipe=recipe, strength=0, strip=True, engine=engine)
    assert b"Canon" not in plain.read_bytes() and b"impasto" not in plain.read_bytes()
    with pytest.raises(errors.InvalidParameter, match="no recipe"):
        impasto.read_recipe(plain)
    with pytest.raises(errors.InvalidParameter, match="painted.txt"):
        impasto.stylize_file(tmp_path / "photo.png", tmp_path / "painted.txt", "great-wave", engine=engine)
    with pytest.raises(errors.DiskFull):
        impasto.stylize_file(tmp_path / "photo.png", tmp_path / "no" / "a.png", "great-wave", strength=0, engine=engine)


def test_a_recipe_paints_arrays_too(engine, tmp_path):
    before = ramp(3, "uint8")
    Image.fromarray(before).save(tmp_path / "photo.png")
    impasto.stylize_file(
        tmp_path / "photo.png", tmp_path / "a.png", ["great-wave", "scream"], style_weights=[3, 1], strength=0.9, engine=engine
    )
    after = impasto.stylize(before, recipe=tmp_path / "a.png", engine=engine)
    assert np.array_equal(after, np.asarray(Image.open(tmp_path / "a.png")))
    won = impasto.stylize(before, recipe=tmp_path / "a.png", strength=0, engine=engine)
    assert np.array_equal(won, before)
    with pytest.raises(errors.StyleMissing):
        impasto.stylize(before, engine=engine)
