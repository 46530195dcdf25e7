"""Recipes in files, and the styles that they name, found again."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
import pytest
from impasto import images
from impasto.errors import BadPicture, InvalidParameter, UnknownStyle, UnsupportedPicture
from impasto.models import recipes
from impasto.recipe import Recipe, RecipeStyle

FLAT = np.full((20, 24, 3), 0.5, np.float32)
RECIPE = Recipe((RecipeStyle("waves", "My waves"),), {"strength": 0.3})


@dataclass
class Named:
    id: str


@dataclass
class Library:
    pictures: dict[str, bytes] = field(default_factory=dict)

    def styles(self):
        return [Named(id) for id in self.pictures]

    def picture(self, id):
        return self.pictures[id]


def painting(name: str, text: str) -> bytes:
    return images.encode(images.Picture(FLAT, recipe=text), name)


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "tiff"])
def test_a_recipe_is_read_from_a_picture(name):
    assert recipes.read(painting(name, RECIPE.to_json())) == RECIPE
    assert recipes.read(b"\xef\xbb\xbf\n " + RECIPE.to_json(indent=2).encode()) == RECIPE


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "tiff", "npy"])
def test_a_picture_without_a_recipe_is_told_so(name):
    with pytest.raises(InvalidParameter, match="no recipe"):
        recipes.read(painting(name, ""))


@pytest.mark.parametrize("name", ["png", "jpeg", "webp", "tiff"])
@pytest.mark.parametrize("text", ['{"impasto": 3}', "not a recipe", '{"impasto": 1, "styles": [{"id": "../x"}]}'])
def test_a_hostile_recipe_in_a_picture_gets_a_sentence(name, text):
    with pytest.raises(InvalidParameter):
        recipes.read(painting(name, text))


@pytest.mark.parametrize(
    ("data", "kind"), [(b"", BadPicture), (b"what is this thing", UnsupportedPicture), (b"{", InvalidParameter)]
)
def test_what_is_no_picture_gets_a_sentence(data, kind):
    with pytest.raises(kind):
        recipes.read(data)


def asked(*styles: RecipeStyle) -> Recipe:
    return replace(RECIPE, styles=styles)


def of(id: str, picture: bytes, title: str = "") -> RecipeStyle:
    return RecipeStyle(id, title, sha256=recipes.digest(picture))


def test_styles_are_found_by_id_and_digest():
    library = Library({"waves": b"waves", "fire": b"fire"})
    assert recipes.find_styles(asked(of("waves", b"waves"), RecipeStyle("fire")), library) == (["waves", "fire"], [])
    assert recipes.find_styles(asked(of("renamed", b"fire")), library) == (["fire"], []), "the same picture under another id"
    assert recipes.find_styles(asked(of("", b"fire")), library) == (["fire"], []), "a picture that is a style by now"
    assert recipes.find_styles(asked(RecipeStyle(picture=b"mine")), library) == ([b"mine"], [])


def test_another_picture_under_the_same_id_is_noted():
    library = Library({"waves": b"other waves"})
    found, [note] = recipes.find_styles(asked(of("waves", b"waves")), library)
    assert found == ["waves"] and "'waves'" in note
    library.pictures["waves-2"] = b"waves"
    assert recipes.find_styles(asked(of("waves", b"waves")), library) == (["waves-2"], [])


def test_a_style_that_is_gone_is_named():
    with pytest.raises(UnknownStyle, match="My waves.*waves") as caught:
        recipes.find_styles(asked(of("waves", b"waves", "My waves")), Library())
    assert "styles add" in caught.value.hint
    with pytest.raises(UnknownStyle, match=recipes.digest(b"mine")) as caught:
        recipes.find_styles(asked(of("fire", b"fire"), of("", b"mine")), Library({"fire": b"fire"}))
    assert "stylize PHOTO fire PICTURE --recipe" in caught.value.hint
