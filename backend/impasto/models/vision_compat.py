"""Importing torchvision where its compiled operators do not fit the installed torch.

A torchvision built for another torch fails on import with "operator torchvision::nms does not exist", because it
describes operators whose compiled half could not be loaded. The model zoo's weight entries and the transforms are plain
Python and need none of them: declaring the operators (without an implementation) is enough for the import. Calling one
still fails, with torch's own message.
"""

from __future__ import annotations

import importlib
import re
import sys
from dataclasses import dataclass
from types import ModuleType
from typing import Any

_SCHEMAS = {
    "nms": "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms": "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
}
"""Operators that torchvision describes on import whether or not they could be loaded."""

_MISSING = re.compile(r"operator torchvision::(\w+) does not exist")

_keep: list[Any] = []
"""torch forgets a declaration when its library object is collected; torchvision is imported for good, so are these."""


@dataclass(frozen=True)
class Published:
    """What torchvision knows about a weight entry: its address, and the first digits of its SHA-256 from the file name."""

    url: str
    sha256: str
    mean: tuple[float, ...]
    std: tuple[float, ...]


def import_torchvision() -> ModuleType:
    """torchvision, or :class:`ImportError` where it is absent or broken in a way that this guard does not cure."""
    try:
        return importlib.import_module("torchvision")
    except RuntimeError as error:
        missing = _MISSING.search(str(error))
        if not missing:
            raise ImportError(f"torchvision cannot be imported: {error}") from error
    for name in [n for n in sys.modules if n == "torchvision" or n.startswith("torchvision.")]:
        del sys.modules[name]
    _declare({missing[1]: f"{missing[1]}(Tensor input) -> Tensor", **_SCHEMAS})
    try:
        return importlib.import_module("torchvision")
    except Exception as error:
        raise ImportError(f"torchvision does not fit the installed torch: {error}") from error


def published(entry: str) -> Published:
    """The weight entry called ``entry``, such as ``VGG19_Weights.IMAGENET1K_V1``. Raises :class:`ImportError` or ``ValueError``."""
    import_torchvision()
    try:
        weights = importlib.import_module("torchvision.models").get_weight(entry)
    except KeyError:
        raise ValueError(f"torchvision has no weight entry {entry}") from None
    keywords = weights.transforms.keywords
    named = re.search(r"-([0-9a-f]{8,64})\.[a-z]+$", weights.url)
    return Published(
        url=weights.url,
        sha256=named[1] if named else "",
        mean=tuple(keywords.get("mean", (0.485, 0.456, 0.406))),
        std=tuple(keywords.get("std", (0.229, 0.224, 0.225))),
    )


def _declare(schemas: dict[str, str]) -> None:
    import torch

    library = torch.library.Library("torchvision", "FRAGMENT")
    for name, schema in schemas.items():
        if not hasattr(torch.ops.torchvision, name):
            library.define(schema)
    _keep.append(library)
