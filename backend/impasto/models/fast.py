"""Fast styles: transformation networks in files that describe themselves.

One safetensors file holds one network and any number of styles; each style has some rows of the network's conditional norms.
The header's metadata says what is in it, how it was trained and how good it was found, and carries a digest of the tensors.
Nothing is unpickled.

All that is not rows, the convolutions, is the network's *base*, named by a digest. Styles of one base can be mixed, whatever files
they come in, and a file may leave the base out where another that has it is installed: it then has under a hundred kilobytes.
"""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..disk import written_whole
from ..errors import BadStyleFile, DigestMismatch
from ..parameters import STYLE_ID
from . import weights

if TYPE_CHECKING:
    import numpy as np

FORMAT_FAMILY = "impasto-fast-"
FORMAT = f"{FORMAT_FAMILY}2"

MAX_FILE_BYTES = 64 << 20
"""Bytes of a file that is still opened; the largest network that can be named has less."""

NOT_OURS = "This file holds no fast style, or is damaged."

EMBEDDINGS_OF_A_STYLE = 1, 4
"""How many rows a style may have: those of :mod:`impasto.style.mixing`, or the first alone."""

MAX_TEXT_LENGTH = 300
"""Characters of a title, a painter, a year or a licence."""

MAX_NOISE = 0.1
"""Of the range 0..1; more would be seen."""

_ROWS = (".gamma", ".beta")
_DIGEST = re.compile(r"[0-9a-f]{64}|")


@dataclass(frozen=True)
class FastStyle:
    """A style that a network has learnt: its id (that of its picture, where there is one), who painted it, and its rows, in the
    order of :mod:`impasto.style.mixing`; networks trained elsewhere have one for each style."""

    id: str
    title: str
    painter: str
    year: str
    licence: str
    rows: tuple[int, ...]

    def sound(self, rows: int) -> bool:
        """Whether a network with ``rows`` rows can have it."""
        texts = [self.id, self.title, self.painter, self.year, self.licence]
        return (
            _all(str, texts)
            and max(map(len, texts)) <= MAX_TEXT_LENGTH
            and bool(STYLE_ID.fullmatch(self.id))
            and _all(int, self.rows)
            and len(self.rows) in EMBEDDINGS_OF_A_STYLE
            and 0 < min(self.rows) <= max(self.rows) < rows
        )


@dataclass(frozen=True)
class FastHeader:
    """What a file says about itself. ``network``: as :func:`impasto.style.transformer.build` reads it, with ``rows`` rows.

    ``base``: digest of everything but the rows; ``whole``: whether that is in the file, too. ``identity``: whether row 0 paints the
    picture as it is (networks trained elsewhere have no such row). ``pictures``: the paintings, small, as base64, by style id.
    ``noise``: the standard deviation, sRGB 0..1, of the noise that the network was trained with and paints with. A file
    that does not say so was trained without, and paints without.
    """

    network: str
    rows: int
    styles: tuple[FastStyle, ...]
    training: dict[str, Any] = field(default_factory=dict)
    quality: dict[str, Any] = field(default_factory=dict)
    pictures: dict[str, str] = field(default_factory=dict)
    identity: bool = True
    noise: float = 0.0
    base: str = ""
    whole: bool = True
    tensors_sha256: str = ""

    def to_metadata(self) -> dict[str, str]:
        """As safetensors metadata, which holds texts only."""
        return {"format": FORMAT, "impasto": json.dumps(dataclasses.asdict(self), ensure_ascii=False)}

    @staticmethod
    def from_metadata(metadata: Mapping[str, str] | None) -> FastHeader:
        """The reverse. Raises ``ValueError``, ``KeyError`` or ``TypeError`` where it is not ours."""
        if not metadata or metadata["format"] != FORMAT:
            raise ValueError
        fields = json.loads(metadata["impasto"], parse_constant=_refused)
        styles = tuple(FastStyle(**style | {"rows": tuple(style["rows"])}) for style in fields["styles"])
        header = FastHeader(**fields | {"styles": styles})
        if not header.sound():
            raise ValueError
        return header

    def sound(self) -> bool:
        """Whether every value has the type and the range that it must have."""
        typed = (
            _all(str, [self.network, self.base, self.tensors_sha256])
            and _all(dict, [self.training, self.quality, self.pictures])
            and _all(bool, [self.identity, self.whole])
            and type(self.rows) is int
            and type(self.noise) in (int, float)
        )
        ids = [style.id for style in self.styles]
        return (
            typed
            and bool(ids)
            and 0 <= self.noise <= MAX_NOISE
            and len(set(ids)) == len(ids)
            and _all(str, self.pictures.values())
            and bool(_DIGEST.fullmatch(self.base))
            and all(style.sound(self.rows) for style in self.styles)
        )


def _refused(constant: str) -> None:
    raise ValueError(f"{constant} is no number")


def _all(kind: type, values: Iterable[Any]) -> bool:
    return all(type(value) is kind for value in values)


def is_embedding(name: str) -> bool:
    """Whether a tensor belongs to the styles rather than to the base."""
    return name.endswith(_ROWS)


def base_of(arrays: Mapping[str, np.ndarray]) -> str:
    """The digest that names the base in ``arrays``, or an empty string where there is none in them."""
    base = {name: array for name, array in arrays.items() if not is_embedding(name)}
    return weights.digest_of_tensors(base) if base else ""


def write(file: Path, arrays: Mapping[str, np.ndarray], header: FastHeader) -> None:
    """Write ``arrays`` (float32) to ``file``, whole or not at all. Without a base in them, ``header.base`` says which is meant."""
    from safetensors.numpy import save_file

    own = base_of(arrays)
    header = dataclasses.replace(header, base=own or header.base, whole=bool(own), tensors_sha256=weights.digest_of_tensors(arrays))
    with written_whole(file) as temporary:
        save_file(dict(arrays), temporary, metadata=header.to_metadata())


def inspect(file: Path) -> FastHeader:
    """The header alone; cheap. Raises :class:`BadStyleFile` where it is no fast style, ``OSError`` where there is no file."""
    with _opened(file) as handle:
        return _header(handle)


def read(file: Path) -> tuple[FastHeader, dict[str, np.ndarray]]:
    """Header and tensors, checked: float32, finite, and what was written. Whether they fit the network, who builds it finds out."""
    import numpy as np

    with _opened(file) as handle:
        header, names = _header(handle), list(handle.keys())
        wrong = next((name for name in names if handle.get_slice(name).get_dtype() != "F32"), None)
        arrays = {} if wrong else {name: handle.get_tensor(name) for name in names}
    wrong = wrong or next((name for name, array in arrays.items() if not np.isfinite(array).all()), None)
    if wrong:
        raise BadStyleFile(f"The fast style's {wrong[:80]} is not made of finite float32 numbers.")
    if weights.digest_of_tensors(arrays) != header.tensors_sha256:
        raise BadStyleFile("The fast style has changed since it was written.")
    if base_of(arrays) != (header.base if header.whole else ""):
        raise BadStyleFile("The fast style's network is not the one that its header names.")
    return header, arrays


@contextmanager
def _opened(file: Path) -> Iterator[Any]:
    if file.stat().st_size > MAX_FILE_BYTES:
        raise BadStyleFile(f"A fast style has at most {MAX_FILE_BYTES >> 20} MB; this file has more.")
    try:
        with weights.opened(file) as handle:
            yield handle
    except BadStyleFile:
        raise
    except DigestMismatch:
        raise BadStyleFile(NOT_OURS) from None


def _header(handle: Any) -> FastHeader:
    metadata = handle.metadata()
    if metadata and metadata.get("format") != FORMAT and metadata.get("format", "").startswith(FORMAT_FAMILY):
        raise BadStyleFile(
            "This fast style was made by another version of Impasto.", hint="Learn its painting again, which takes minutes."
        )
    try:
        return FastHeader.from_metadata(metadata)
    except (ValueError, KeyError, TypeError, AttributeError, RecursionError):
        raise BadStyleFile(NOT_OURS) from None
