"""Encoder weights (catalogue, downloads, conversion, loading) and the library of style pictures. No torch until it is needed."""

from __future__ import annotations

from .catalogue import Catalogue, Model, Source
from .fast import FastHeader, FastStyle
from .fast_library import FastLibrary, NetworkSource
from .store import ModelStore, PullProgress
from .styles import Style, StyleLibrary
from .weights import Convention

__all__ = [
    "Catalogue",
    "NetworkSource",
    "Convention",
    "FastHeader",
    "FastLibrary",
    "FastStyle",
    "Model",
    "ModelStore",
    "PullProgress",
    "Source",
    "Style",
    "StyleLibrary",
]
