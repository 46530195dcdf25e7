"""From a painting to the style library: pictures whose embeddings were refined for it become styles like learnt ones. No torch."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING

from ..parameters import UPLOAD
from .fast import MAX_TEXT_LENGTH, FastHeader, FastStyle
from .styles import OWN_LICENCE, Style, StyleLibrary

if TYPE_CHECKING:
    import numpy as np

SOURCE = "refined on one picture"
"""What the header of such a style says of its training."""

NOTHING_TO_KEEP = "There is no new style in this painting to keep."

_ID = "refined-"


def refined_style(position: int, rows: Sequence[int]) -> FastStyle:
    """The style at ``position`` of a stylization's, as it stands in a header until :func:`keep` gives it a name."""
    return FastStyle(f"{_ID}{position}", "", "", "", OWN_LICENCE, tuple(rows))


def positions(header: FastHeader) -> list[int]:
    """Of the styles in a header made with :func:`refined_style`."""
    return [int(style.id.removeprefix(_ID)) for style in header.styles]


def keep(
    library: StyleLibrary,
    header: FastHeader,
    arrays: Mapping[str, np.ndarray],
    asked: Sequence[str],
    name: str,
    read_picture: Callable[[int], bytes],
) -> list[Style]:
    """Keep the styles of ``header``, which :func:`refined_style` made; they are painted at once from then on.

    ``asked``: the stylization's styles. A picture that was sent along becomes a new style called ``name``, several are numbered;
    ``read_picture`` gives the file's bytes by position. One of the user's own library keeps its name. Raises what
    :meth:`StyleLibrary.learn` does.
    """
    styles, pictures, number = [], {}, 0
    for style, position in zip(header.styles, positions(header), strict=True):
        if not UPLOAD.fullmatch(asked[position]):
            own = library.get(asked[position])
            styles.append(dataclasses.replace(style, id=own.id, title=own.title))
            continue
        number += 1
        title = name if number == 1 else f"{name} {number}"
        styles.append(dataclasses.replace(style, title=title[:MAX_TEXT_LENGTH]))
        pictures[style.id] = read_picture(position)
    return library.learn(dataclasses.replace(header, styles=tuple(styles)), arrays, pictures)
