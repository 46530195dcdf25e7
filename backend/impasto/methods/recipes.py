"""The recipe of what has just been painted."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from ..errors import StyleNotLearnt, UnknownStyle
from ..models import Catalogue, ModelStore
from ..models.recipes import digest
from ..parameters import UPLOAD
from ..recipe import Recipe, RecipeStyle, painted
from ..stylization import Stylization
from . import method_named

if TYPE_CHECKING:
    from ..engine.engine import Engine


def recipe_of(
    engine: Engine, stylization: Stylization, read_style: Callable[[int], bytes | None], facts: Mapping[str, Any]
) -> Recipe:
    """What it takes to paint again what ``engine`` has painted. ``read_style``, ``facts``: as in :mod:`.encoded`."""
    heeded = method_named(facts["method"]).parameters
    styles = tuple(_style(engine, stylization, position, read_style) for position in range(len(stylization.style)))
    more: dict[str, Any] = {}
    if "encoder" in heeded and facts["steps"]:
        more["encoder"] = ModelStore(Catalogue.load(), engine.paths, engine.settings).choose(stylization.encoder)
    if "encoder" not in heeded or stylization.init == "fast":
        with contextlib.suppress(StyleNotLearnt, OSError):
            more["network"] = engine.fast_styles.network_digest(stylization.style)
    return painted(stylization, heeded, styles, facts, **more)


def _style(engine: Engine, stylization: Stylization, position: int, read_style: Callable[[int], bytes | None]) -> RecipeStyle:
    name, weight = stylization.style[position], (stylization.style_weights or (1.0,) * len(stylization.style))[position]
    picture, id, title = read_style(position), "", ""
    with contextlib.suppress(UnknownStyle):  # it may have been removed while the painting waited
        if not UPLOAD.fullmatch(name):
            id, title = name, engine.styles.get(name).title
            picture = picture or engine.styles.picture(name)
    return RecipeStyle(id, title, weight, digest(picture) if picture else "")
