"""Fast styles: transformation networks in files that describe themselves.

One safetensors file holds one network and any number of styles; each style has two rows of the network's conditional norms, its
strokes broad and its strokes fine. The header's metadata says what is in it, how it was trained and how good it was found, and
carries a digest of the tensors. Nothing is unpickled. Files lie in the project's ``models/fast`` and in the user's styles folder.
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import DigestMismatch, StyleNotLearnt
from ..paths import Paths, shipped
from ..stylization import STYLE_ID, Stylization
from . import weights
from .disk import written_whole

if TYPE_CHECKING:
    import numpy as np

FORMAT = "impasto-fast-1"

LARGEST = 64 << 20
"""Bytes of a file that is still opened; the largest network that can be named has less."""


@dataclass(frozen=True)
class FastStyle:
    """A style that a network has learnt: its id (that of its picture, where there is one), who painted it, and its two rows."""

    id: str
    title: str
    painter: str
    year: str
    licence: str
    broad: int
    fine: int


@dataclass(frozen=True)
class FastHeader:
    """What a file says about itself. ``network``: as :func:`impasto.style.transformer.build` reads it, with ``rows`` rows."""

    network: str
    rows: int
    styles: tuple[FastStyle, ...]
    training: dict[str, Any] = field(default_factory=dict)
    quality: dict[str, Any] = field(default_factory=dict)
    tensors_sha256: str = ""

    def to_metadata(self) -> dict[str, str]:
        """As safetensors metadata, which holds texts only."""
        return {"format": FORMAT, "impasto": json.dumps(dataclasses.asdict(self), ensure_ascii=False)}

    @staticmethod
    def from_metadata(metadata: Mapping[str, str] | None) -> FastHeader:
        """The reverse. Raises ``ValueError``, ``KeyError`` or ``TypeError`` where it is not ours."""
        if not metadata or metadata["format"] != FORMAT:
            raise ValueError
        told = json.loads(metadata["impasto"])
        styles = tuple(FastStyle(**style) for style in told.pop("styles"))
        header = FastHeader(**told, styles=styles)
        rows = [row for style in styles for row in (style.broad, style.fine)]
        texts = [text for style in styles for text in (style.title, style.painter, style.year, style.licence)]
        sound = (isinstance(header.network, str) and isinstance(header.rows, int) and all(isinstance(text, str) for text in texts)
                 and all(isinstance(row, int) and 0 < row < header.rows for row in rows)
                 and all(STYLE_ID.fullmatch(style.id) for style in styles))
        if not sound:
            raise ValueError
        return header


def write(file: Path, arrays: Mapping[str, np.ndarray], header: FastHeader) -> None:
    """Write ``arrays`` (float32) to ``file``, whole or not at all."""
    from safetensors.numpy import save_file

    header = dataclasses.replace(header, tensors_sha256=weights.digest_of_tensors(arrays))
    with written_whole(file) as temporary:
        save_file(dict(arrays), temporary, metadata=header.to_metadata())


def inspect(file: Path) -> FastHeader:
    """The header alone; cheap. Raises :class:`DigestMismatch` where it is no fast style, ``OSError`` where there is no file."""
    _check_size(file)
    with weights.opened(file) as handle:
        return _header(handle)


def read(file: Path) -> tuple[FastHeader, dict[str, np.ndarray]]:
    """Header and tensors, checked: float32, finite, and what was written. Whether they fit the network, who builds it finds out."""
    import numpy as np

    _check_size(file)
    with weights.opened(file) as handle:
        header = _header(handle)
        arrays = {name: handle.get_tensor(name) for name in handle.keys()}  # noqa: SIM118 (no mapping)
    if weights.digest_of_tensors(arrays) != header.tensors_sha256:
        raise DigestMismatch("The fast style has changed since it was written.")
    wrong = next((name for name, a in arrays.items() if a.dtype != np.float32 or not np.isfinite(a).all()), None)
    if wrong:
        raise DigestMismatch(f"The fast style's {wrong} is not made of finite float32 numbers.")
    return header, arrays


def _check_size(file: Path) -> None:
    if file.stat().st_size > LARGEST:
        raise DigestMismatch(f"A fast style has at most {LARGEST >> 20} MB; this file has more.")


def _header(handle: Any) -> FastHeader:
    try:
        return FastHeader.from_metadata(handle.metadata())
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise DigestMismatch("This file holds no fast style, or is damaged.") from None


@dataclass(frozen=True)
class Choice:
    """A network's file and those of its styles that a stylization asks for, in its order."""

    file: Path
    header: FastHeader
    styles: tuple[FastStyle, ...]


class FastLibrary:
    """All fast styles of this machine."""

    def __init__(self, paths: Paths) -> None:
        self._folders = (shipped("fast"), paths.styles)

    def files(self) -> list[tuple[Path, FastHeader]]:
        """Every file that can be read, the shipped ones first."""
        found = []
        for folder in self._folders:
            for file in sorted(folder.glob("*.safetensors")):
                try:
                    found.append((file, inspect(file)))
                except (DigestMismatch, OSError):
                    continue  # one damaged file must not hide the others
        return found

    def ids(self) -> set[str]:
        """The styles that some network knows."""
        return {style.id for _, header in self.files() for style in header.styles}

    def choose(self, stylization: Stylization) -> Choice | None:
        """The network for a stylization, or None where it is to be painted by the iterative method.

        Raises :class:`StyleNotLearnt` where the fast method is asked for and no one network knows all its styles.
        """
        if stylization.method == "iterative":
            return None
        for file, header in self.files():
            known = {style.id: style for style in header.styles}
            if all(name in known for name in stylization.style):
                return Choice(file, header, tuple(known[name] for name in stylization.style))
        if stylization.method == "auto":
            return None
        raise _not_learnt(stylization.style, self.ids())


def _not_learnt(wanted: Sequence[str], known: set[str]) -> StyleNotLearnt:
    hint = "Use method=auto or method=iterative, which paint with any picture."
    missing = [name for name in wanted if name not in known]
    if not missing:
        return StyleNotLearnt("No network knows all of these styles, so they cannot be mixed.", field="style", hint=hint)
    name = "the picture" if missing[0].startswith("upload:") else f"'{missing[0]}'"
    return StyleNotLearnt(f"No network has learnt {name} yet, so the fast method cannot paint it.", field="style", hint=hint)
