"""Impasto: neural style transfer for GIMP, Krita and curl.

    import impasto

    painted = impasto.stylize(photo, "starry-night", strength=0.7)

:mod:`impasto.python_api` says what there is. It comes with the first use, so that the command line need not wait for it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"

if TYPE_CHECKING:
    from .engine.engine import Engine
    from .errors import Cancelled, ImpastoError
    from .methods.choice import Plan
    from .models import Style
    from .python_api import StopAndKeep, default_engine, learn, plan, read_recipe, styles, stylize, stylize_file
    from .recipe import Recipe
    from .settings import Settings

__all__ = ["Cancelled", "Engine", "ImpastoError", "Plan", "Recipe", "Settings", "StopAndKeep", "Style", "default_engine", "learn",
           "plan", "read_recipe", "styles", "stylize", "stylize_file"]  # fmt: skip

_ELSEWHERE = {
    "Engine": "engine.engine",
    "Cancelled": "errors",
    "ImpastoError": "errors",
    "Recipe": "recipe",
    "Settings": "settings",
}


def __getattr__(name: str) -> Any:
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from importlib import import_module

    return getattr(import_module(f"{__name__}.{_ELSEWHERE.get(name, 'python_api')}"), name)
