"""How a picture was painted: what it takes to paint it again, as a short JSON text in the picture's file.

It has the shape of what the editors keep on a layer (``impasto_client.recipe``: ``impasto``, ``styles``, ``values``), and beside it
what only the painter knows. Everything in ``values`` is a field of :class:`.stylization.Stylization`. There is nothing in it of the
machine (paths, tokens, times), so the same painting has the same recipe; nor are there pictures, but for those in an editor's.
"""

from __future__ import annotations

import base64
import binascii
import json
import math
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from typing import Any, NoReturn

from . import __version__
from .errors import InvalidParameter, UnknownParameter, harmless
from .parameters import STYLE_ID, UPLOAD
from .stylization import MAX_STYLES, Stylization

VERSION = 1
MAX_BYTES = 8 << 20
"""A recipe that is longer, pictures included, is none."""

MAX_TITLE = 300
_DIGEST = re.compile(r"[0-9a-f]{64}|")
_STYLES = ("style", "style_weights")
"""What ``styles`` says instead of ``values``."""

ANOTHER = "It may be damaged, or another program's."


@dataclass(frozen=True)
class RecipeStyle:
    """A style of the library by its ``id``, or a picture of one's own; how much it counts; the SHA-256 of its picture's file.

    ``picture``: the file itself, which only an editor's recipe has.
    """

    id: str = ""
    title: str = ""
    weight: float = 1.0
    sha256: str = ""
    picture: bytes = b""


@dataclass(frozen=True)
class Recipe:
    """``values``: the parameters that the painting heeded, whatever their defaults are by now; ``method`` among them, which is no
    more ``auto``.

    Beside them, for people: Impasto's ``version``, px of the picture and px at which it was painted, ``steps`` done and whether it
    was ``finished_early``, and ``network``: the SHA-256 of the fast styles' network, where one had a part in it.
    """

    styles: tuple[RecipeStyle, ...]
    values: Mapping[str, Any] = field(default_factory=dict)
    version: str = ""
    width: int = 0
    height: int = 0
    painted_width: int = 0
    painted_height: int = 0
    steps: int = 0
    finished_early: bool = False
    network: str = ""

    def to_json(self, indent: int | None = None) -> str:
        """A text from which :meth:`from_json` makes the same recipe."""
        return json.dumps(self.to_dict(), ensure_ascii=False, indent=indent)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; without what is empty."""
        shape = {"impasto": VERSION, "styles": [], "values": {}, **{name: value for name, value in asdict(self).items() if value}}
        return {**shape, "styles": [_plain(style) for style in self.styles], "values": dict(self.values)}

    def fields(self) -> dict[str, str]:
        """The parameters as one types them, to the last digit; with ``style_weights``, unless all count the same."""
        texts = {name: _text(value) for name, value in self.values.items()}
        weights = [style.weight for style in self.styles]
        return {**texts, "style_weights": _text(weights)} if set(weights) != {1.0} else texts

    @staticmethod
    def from_json(text: str) -> Recipe:
        """Raises :class:`InvalidParameter` that says what is wrong with a text that is no recipe which can be painted."""
        if len(text) > MAX_BYTES:
            raise _wrong(f"The recipe has more than {MAX_BYTES >> 20} MB.", ANOTHER)
        try:
            shape = json.loads(text, parse_constant=_refused)
        except (ValueError, RecursionError):
            raise _wrong("The recipe is no JSON.", ANOTHER) from None
        if not isinstance(shape, dict) or "impasto" not in shape:
            raise _wrong("This is JSON, but no recipe of Impasto's.", 'A recipe begins with {"impasto": 1, ...}.')
        version = shape.pop("impasto")
        if type(version) is not int or version != VERSION:
            shown = harmless(version, 20)
            raise _wrong(
                f"The recipe is of version {shown}; this Impasto reads version {VERSION}.",
                "A newer Impasto may be able to read it.",
            )
        try:
            return _checked(shape)
        except RecursionError:
            raise _wrong("The recipe is nested too deeply.", ANOTHER) from None


def painted(
    stylization: Stylization, heeded: frozenset[str], styles: tuple[RecipeStyle, ...], facts: Mapping[str, Any], **more: Any
) -> Recipe:
    """The recipe of a painting that heeded these parameters.

    ``facts``: as ``EncodedResult`` has them; ``more``: fields of the recipe, and values that have become known.
    """
    known = {one.name for one in fields(Recipe)}
    values = {name: value for name, value in stylization.to_dict().items() if name in heeded and name not in _STYLES}
    values |= {"method": facts["method"], **{name: value for name, value in more.items() if name not in known}}
    told = {name: value for name, value in {**facts, **more}.items() if name in known}
    return Recipe(styles, values, **{"version": __version__, **told})


def _plain(style: RecipeStyle) -> dict[str, Any]:
    shape = {name: value for name, value in asdict(style).items() if value or name == "weight"}
    return shape | ({"picture": base64.b64encode(style.picture).decode()} if style.picture else {})


def _text(value: Any) -> str:
    if isinstance(value, Mapping):
        return ",".join(f"{name}:{weight!r}" for name, weight in value.items())
    return ",".join(map(repr, value)) if isinstance(value, (list, tuple)) else str(value)


def _checked(shape: dict[str, Any]) -> Recipe:
    """Every value has the type and the range that it must have."""
    known = {one.name: one for one in fields(Recipe)}
    unknown = [name for name in shape if name not in known]
    if unknown:
        raise _wrong(f"The recipe has a field '{harmless(unknown[0])}', which is not known.", ANOTHER)
    values, styles = shape.pop("values", {}), shape.pop("styles", None)
    if not isinstance(values, dict) or any(name in values for name in _STYLES):
        raise _wrong("The recipe's values are not what they must be.", ANOTHER)
    if not isinstance(styles, list) or not 1 <= len(styles) <= MAX_STYLES:
        raise _wrong(f"A recipe has 1 to {MAX_STYLES} styles.", ANOTHER)
    for name, value in shape.items():
        kind = type(getattr(Recipe(()), name))
        if type(value) is not kind or (kind is int and not 0 <= value < 2**31) or (kind is str and len(value) > MAX_TITLE):
            raise _wrong(f"The recipe's {name} is not what it must be.", ANOTHER)
    if not _DIGEST.fullmatch(shape.get("network", "")):
        raise _wrong("The recipe's network is no SHA-256.", ANOTHER)
    try:
        stylization = Stylization.converted(values)
    except (InvalidParameter, UnknownParameter) as error:
        raise InvalidParameter(f"In the recipe, {error.message}", field="recipe", hint=error.hint or ANOTHER) from None
    checked = {name: getattr(stylization, name) for name in values}
    return Recipe(tuple(map(_style, styles)), checked, **shape)


def _style(shape: Any) -> RecipeStyle:
    wrong = _wrong("One of the recipe's styles is not what it must be.", ANOTHER)
    known = {one.name for one in fields(RecipeStyle)}
    if not isinstance(shape, dict) or not known.issuperset(shape):
        raise wrong
    id, title, sha256, picture = (shape.get(name, "") for name in ("id", "title", "sha256", "picture"))
    weight = shape.get("weight", 1.0)
    if not all(isinstance(one, str) for one in (id, title, sha256, picture)) or type(weight) not in (int, float):
        raise wrong
    sound = not id or (STYLE_ID.fullmatch(id) and not UPLOAD.fullmatch(id))
    if not sound or len(title) > MAX_TITLE or not _DIGEST.fullmatch(sha256) or not (math.isfinite(weight) and 0 <= weight <= 100):
        raise wrong
    try:
        return RecipeStyle(id, title, float(weight), sha256, base64.b64decode(picture, validate=True))
    except (binascii.Error, ValueError):
        raise wrong from None


def _wrong(message: str, hint: str) -> InvalidParameter:
    return InvalidParameter(message, field="recipe", hint=hint)


def _refused(_: str) -> NoReturn:
    raise ValueError
