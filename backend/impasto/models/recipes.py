"""Recipes from files, and the styles that they name, found again in the library. No torch."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import Protocol

from .. import images
from ..errors import InvalidParameter, UnknownStyle
from ..recipe import MAX_BYTES, Recipe, RecipeStyle
from .styles import Style

_MARK = b"\xef\xbb\xbf"


class Library(Protocol):
    """Where styles are looked up: a :class:`.StyleLibrary`, or a daemon's."""

    def styles(self) -> Sequence[Style]:
        """All of them."""

    def picture(self, id: str) -> bytes:
        """A style's picture, as it is stored."""


def read(data: bytes, limits: images.Limits | None = None) -> Recipe:
    """The recipe in a picture's file, or in a JSON file.

    Raises :class:`InvalidParameter` where there is none, or none that can be painted, and what :func:`impasto.images.probe` raises.
    """
    plain = data[: MAX_BYTES + 1].removeprefix(_MARK).lstrip()
    if plain.startswith(b"{"):
        return Recipe.from_json(data.removeprefix(_MARK).decode("utf-8", "replace"))
    text = images.recipe_of(data, limits)
    if not text:
        raise InvalidParameter(
            "There is no recipe in it.",
            field="recipe",
            hint="Name a picture that Impasto has painted, as it was written: --strip leaves the recipe out, and so may other "
            "programs that save it.",
        )
    return Recipe.from_json(text)


def find_styles(recipe: Recipe, library: Library) -> tuple[list[str | bytes], list[str]]:
    """The recipe's styles, ids or pictures, and notes on what is not as it was.

    A style is the one with its id and its picture, else one with its picture, else the one with its id. Raises
    :class:`UnknownStyle` for one that is not here any more.
    """
    known = {style.id: style for style in library.styles()}
    found: list[str | bytes] = []
    notes: list[str] = []
    for style in recipe.styles:
        if style.picture:
            found.append(style.picture)
            continue
        has_id = style.id in known
        if has_id and (not style.sha256 or digest(library.picture(style.id)) == style.sha256):
            found.append(style.id)
        elif same := _with_picture(style.sha256, known, library):
            found.append(same)
        elif has_id:
            found.append(style.id)
            notes.append(f"The style '{style.id}' is not the picture that it was, so the result will be another.")
        else:
            raise _missing(style, recipe)
    return found, notes


def digest(picture: bytes) -> str:
    """SHA-256 of a picture's file."""
    return hashlib.sha256(picture).hexdigest()


def _with_picture(sha256: str, known: dict[str, Style], library: Library) -> str | None:
    return next((id for id in known if sha256 and digest(library.picture(id)) == sha256), None)


def _missing(style: RecipeStyle, recipe: Recipe) -> UnknownStyle:
    others = " ".join(one.id or "PICTURE" for one in recipe.styles)
    if not style.id:
        return UnknownStyle(
            f"The recipe names a picture of your own, which is not in it (SHA-256 {style.sha256 or 'unknown'}).",
            field="style",
            hint=f"Give the picture beside it: impasto stylize PHOTO {others} --recipe FILE",
        )
    title = f"'{style.title}' ({style.id})" if style.title and style.title != style.id else f"'{style.id}'"
    return UnknownStyle(
        f"The recipe's style {title} is not here any more.",
        field="style",
        hint="Add its picture again (`impasto styles add`), or name other styles beside the recipe: "
        "impasto stylize PHOTO STYLE --recipe FILE",
    )
