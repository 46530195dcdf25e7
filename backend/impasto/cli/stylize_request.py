"""What `impasto stylize` was asked to paint, read and checked in full before anything starts."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..errors import BadPicture, ImpastoError, InvalidParameter, UnknownStyle
from ..parameters import STYLE_ID
from ..recipe import Recipe
from ..settings import Settings
from ..stylization import Stylization

STDIN = "-"


@dataclass(frozen=True)
class StylizeRequest:
    """``styles``: ids (text) first, then pictures (bytes), in which order ``values["style_weights"]`` counts them, too.

    ``values``: the parameters that the caller or a recipe named, checked. ``stylization``: all of them, styles included. ``strip``:
    without metadata; None where nothing was said.
    """

    content: bytes
    styles: tuple[str | bytes, ...]
    values: dict[str, Any]
    stylization: Stylization
    format: str
    strip: bool | None = None


def read(
    content: str,
    styles: Sequence[str | bytes],
    parameters: Mapping[str, str],
    format: str,
    settings: Settings,
    strip: bool | None = None,
) -> StylizeRequest:
    """Read the pictures and check everything. ``styles``: files, ids, and pictures that have been read.

    Raises the :class:`ImpastoError` that names what is wrong.
    """
    places = [style_of(style) if isinstance(style, str) else style for style in styles]
    positions = sorted(range(len(places)), key=lambda i: not isinstance(places[i], str))  # ids first, as the API has it
    values = dict(parameters)
    if "style_weights" in values and len(places) > 1:
        weights = [w.strip() for w in values["style_weights"].split(",") if w.strip()]
        if len(weights) == len(places):
            values["style_weights"] = ",".join(weights[i] for i in positions)
    places = [places[i] for i in positions]
    uploads = iter(range(len(places)))
    names = [place if isinstance(place, str) else f"upload:{next(uploads)}" for place in places]
    stylization = Stylization.parse({**values, "style": names})
    pictures = tuple(read_picture(place, settings) if isinstance(place, Path) else place for place in places)
    return StylizeRequest(read_content(content, settings), pictures, values, stylization, format, strip)


def read_recipe(path: Path, settings: Settings) -> Recipe:
    """The recipe in a picture or a JSON file; an error about it says which file is meant."""
    from ..images import Limits
    from ..models import recipes

    try:
        return recipes.read(path.read_bytes(), Limits.of(settings))
    except OSError as error:
        raise InvalidParameter(f"{path} cannot be read: {error.strerror}.", field="recipe") from None
    except ImpastoError as error:
        raise type(error)(f"{path}: {error.message}", hint=error.hint, field="recipe") from None


def style_of(name: str) -> Path | str:
    """A file where there is one of that name, else a style's id."""
    path = Path(name).expanduser()
    if path.exists():
        return path
    if STYLE_ID.fullmatch(name):
        return name
    raise UnknownStyle(
        f"There is no file {name}, and it is no style's id.", field="style", hint="`impasto styles list` shows the ids."
    )


def read_content(name: str, settings: Settings) -> bytes:
    """The picture to paint; "-" is standard input."""
    if name != STDIN:
        return read_picture(Path(name).expanduser(), settings)
    if sys.stdin.isatty():
        raise InvalidParameter(
            "There is no picture on standard input.", field="content", hint="Pipe one in: ... | impasto stylize - STYLE -o OUT"
        )
    return checked(sys.stdin.buffer.read(), "The picture on standard input", settings)


def read_picture(path: Path, settings: Settings) -> bytes:
    """A picture file's bytes, its header checked against the limits."""
    try:
        return checked(path.read_bytes(), str(path), settings)
    except FileNotFoundError:
        raise BadPicture(f"There is no file {path}.") from None
    except OSError as error:
        raise BadPicture(f"{path} cannot be read: {error.strerror}.") from None


def checked(data: bytes, name: str, settings: Settings) -> bytes:
    """``data`` itself; an error about it says which picture is meant."""
    from ..images import Limits, probe

    try:
        probe(data, Limits.of(settings))
    except ImpastoError as error:
        raise type(error)(f"{name}: {error.message}", hint=error.hint, field=error.field) from None
    return data
