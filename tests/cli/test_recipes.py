"""`impasto show`, and `impasto stylize --recipe` and `--strip`: here, and through the daemon."""

from __future__ import annotations

import json

import numpy as np
import pytest
from impasto import images
from impasto.cli.client import Client
from impasto.models import recipes
from impasto.recipe import Recipe, RecipeStyle
from PIL import Image

from .conftest import paint

HERE = ("--no-daemon", "--offline", "--cpu-threads", "1", "--quiet")
STYLES = ("great-wave", "scream")
OPTIONS = ("--strength", "0.8", "--style-weights", "3,1", "--seed", "4")


@pytest.fixture
def camera(folders):
    """A photograph that tells whose camera took it."""
    tags = Image.Exif()
    tags[0x010F], tags[0x0112] = "Canon", 6
    pixels = np.random.default_rng(1).integers(0, 256, (32, 48, 3), np.uint8)
    Image.fromarray(pixels).save(folders / "camera.jpg", exif=tags, quality=95)
    return folders / "camera.jpg"


@pytest.mark.slow
@pytest.mark.parametrize("form", ["png", "jpg", "webp", "tif"])
def test_what_show_prints_is_painted_again_to_the_byte(impasto, camera, folders, form):
    assert impasto("stylize", camera, *STYLES, "-o", f"first.{form}", *OPTIONS, *HERE).code == 0
    shown = impasto("show", f"first.{form}")
    assert shown.code == 0 and shown.out.startswith(f"first.{form}: painted by Impasto")
    for word in ("The Great Wave", "75%", "strength", "0.8", "fast", "32 x 48 px", "SHA-256"):
        assert word in shown.out
    (folders / "recipe.json").write_text(impasto("show", f"first.{form}", "--json").out, encoding="utf-8")
    for recipe, out in ((f"first.{form}", "second"), ("recipe.json", "third")):
        reply = impasto("stylize", camera, "--recipe", recipe, "-o", f"{out}.{form}", *HERE)
        assert reply.code == 0 and "note" not in reply.err, reply.err
        assert (folders / f"{out}.{form}").read_bytes() == (folders / f"first.{form}").read_bytes()
    assert impasto("show", "recipe.json").out.splitlines()[1:] == shown.out.splitlines()[1:]


def test_what_is_given_beside_a_recipe_wins(impasto, camera, folders, style):
    assert impasto("stylize", camera, *STYLES, "-o", "first.png", *OPTIONS, *HERE).code == 0
    assert impasto("stylize", camera, "scream", "--recipe", "first.png", "--seed", "9", "-o", "one.png", *HERE).code == 0
    one = recipes.read((folders / "one.png").read_bytes())
    assert [given.id for given in one.styles] == ["scream"] and (one.values["seed"], one.values["strength"]) == (9, 0.8)
    reply = impasto(
        "stylize", camera, "starry-night", "great-wave", "--recipe", "first.png", "--strength", "0", "-o", "two.png", *HERE
    )
    two = recipes.read((folders / "two.png").read_bytes())
    assert reply.code == 0 and [(given.id, given.weight) for given in two.styles] == [("starry-night", 3), ("great-wave", 1)]


def test_a_picture_of_one_s_own_is_asked_for_and_taken(impasto, camera, folders, style):
    assert impasto("stylize", camera, "scream", style, "--strength", "0", "-o", "first.png", *HERE).code == 0
    digest = recipes.digest(style.read_bytes())
    assert "a picture of your own" in impasto("show", "first.png").out and digest in impasto("show", "first.png").out
    reply = impasto("stylize", camera, "--recipe", "first.png", "-o", "again.png", *HERE)
    assert reply.code == 2 and digest in reply.err and "stylize PHOTO scream PICTURE --recipe" in reply.err
    assert impasto("stylize", camera, "scream", style, "--recipe", "first.png", "-o", "again.png", *HERE).code == 0
    assert (folders / "again.png").read_bytes() == (folders / "first.png").read_bytes()


def test_a_style_of_one_s_own_that_has_gone_is_named(impasto, camera, folders, style):
    assert impasto("styles", "add", style, "--name", "My waves").code == 0
    assert impasto("stylize", camera, "my-waves", "--strength", "0", "-o", "first.png", *HERE).code == 0
    assert impasto("stylize", camera, "--recipe", "first.png", "-o", "again.png", *HERE).code == 0
    assert impasto("styles", "remove", "my-waves").code == 0
    reply = impasto("stylize", camera, "--recipe", "first.png", "-o", "third.png", *HERE)
    assert reply.code == 2 and "'My waves' (my-waves) is not here any more" in reply.err and "hint: " in reply.err
    assert not (folders / "third.png").exists()


def test_an_editor_s_recipe_with_a_picture_in_it(impasto, camera, folders, style):
    recipe = Recipe((RecipeStyle(title="Mine", picture=style.read_bytes()),), {"strength": 0.0})
    (folders / "layer.json").write_text(recipe.to_json(), encoding="utf-8")
    assert impasto("stylize", camera, "--recipe", "layer.json", "-o", "out.png", *HERE).code == 0
    assert recipes.read((folders / "out.png").read_bytes()).styles[0].sha256 == recipes.digest(style.read_bytes())


def test_a_file_without_a_recipe(impasto, camera, folders, photo):
    for arguments in (("show", camera), ("stylize", camera, "--recipe", camera, "-o", "out.png", *HERE)):
        reply = impasto(*arguments)
        assert reply.code == 2 and "no recipe in it" in reply.err and "hint: " in reply.err
    assert "cannot be read" in impasto("show", "missing.png").err
    (folders / "later.json").write_text('{"impasto": 9}', encoding="utf-8")
    assert "later.json: The recipe is of version 9" in impasto("show", "later.json").err
    (folders / "words.txt").write_text("only words", encoding="utf-8")
    assert impasto("show", "words.txt").code == 2


def test_strip_and_no_strip(impasto, camera, folders, monkeypatch):
    for name, more in (("with.jpg", ()), ("without.jpg", ("--strip",))):
        assert impasto("stylize", camera, "scream", "--strength", "0", "-o", name, *more, *HERE).code == 0
        data = (folders / name).read_bytes()
        assert (b"Canon" in data) == (b"rdf:" in data) == (name == "with.jpg")
    monkeypatch.setenv("IMPASTO_STRIP_METADATA", "true")
    for name, more in (("now-without.jpg", ()), ("now-with.jpg", ("--no-strip",))):
        assert impasto("stylize", camera, "scream", "--strength", "0", "-o", name, *more, *HERE).code == 0
        assert (b"Canon" in (folders / name).read_bytes()) == (name == "now-with.jpg")


@pytest.mark.slow
def test_through_the_daemon(impasto, daemon, camera, folders, style):
    with Client(daemon) as client:
        wave = recipes.digest(client.style_picture("great-wave"))
        values = {"strength": 0.25, "iterations": 3, "style_layers": {"relu1_1": 0.1 + 0.2}, "method": "iterative"}
        recipe = Recipe((RecipeStyle("renamed", sha256=wave, weight=2), RecipeStyle(picture=style.read_bytes())), values)
        (folders / "recipe.json").write_text(recipe.to_json(), encoding="utf-8")
        reply = impasto("stylize", camera, "--recipe", "recipe.json", "--seed", "8", "-o", "out.jpg", "--daemon")
        assert reply.code == 0, reply.err
        given = client.jobs(1, None)[0]["parameters"]
        assert given["style"] == ["great-wave", "upload:0"] and given["style_weights"] == [2.0, 1.0]
        assert (given["strength"], given["seed"]) == (0.25, 8) and given["style_layers"] == {"relu1_1": 0.1 + 0.2}
        assert b"Canon" in (folders / "out.jpg").read_bytes()
        assert impasto("stylize", camera, "--recipe", "recipe.json", "--strip", "-o", "plain.jpg", "--daemon").code == 0
        assert b"Canon" not in (folders / "plain.jpg").read_bytes()
        newest = client.jobs(2, None)[1]["id"]
        assert impasto("jobs", "save", newest, "-o", "saved.jpg", "--strip").code == 0
        assert impasto("jobs", "save", newest, "-o", "whole.jpg").code == 0
        assert [b"Canon" in (folders / name).read_bytes() for name in ("saved.jpg", "whole.jpg")] == [False, True]
        gone = Recipe((RecipeStyle("gone", "Gone"),))
        (folders / "gone.json").write_text(gone.to_json(), encoding="utf-8")
        assert "'Gone' (gone) is not here" in impasto("stylize", camera, "--recipe", "gone.json", "-o", "x.png", "--daemon").err


@pytest.mark.slow
def test_json_is_what_the_file_says(impasto, folders):
    text = Recipe((RecipeStyle("great-wave"),), {"strength": 0.5}).to_json()
    picture = images.Picture(np.zeros((16, 16, 3), np.float32), recipe=text)
    (folders / "a.webp").write_bytes(images.encode(picture, "webp"))
    assert json.loads(impasto("show", "a.webp", "--json").out) == json.loads(text)
    assert paint(folders / "other.png") and impasto("show", "other.png", "--json").code == 2
