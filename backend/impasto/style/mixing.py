"""From artists' words to a mix of a transformation network's style embeddings.

An *embedding* is one row of the scales and shifts (gamma, beta) of all of a network's conditional norms, which is all that a
style is to it (Dumoulin, Shlens & Kudlur 2017, arXiv 1610.07629). A *mix* says how much of each embedding is used.
"""

from __future__ import annotations

from collections.abc import Sequence

import torch
from torch import Tensor

IDENTITY_EMBEDDING = 0
"""Paints the picture as it is; strength 0."""

EMBEDDINGS_PER_STYLE = 4
"""The style as people get it when they ask for nothing, and what has to be added for broader strokes (detail 0), for finer ones
(detail 1) and for more of it (strength 1). Three differences rather than three whole styles: what is learnt of a painting in its
first embedding holds for all."""

DEFAULT_STRENGTH = DEFAULT_DETAIL = 0.5
"""Those of a style's first embedding."""

FAINT = 0.15
"""Below this strength the content shows through: norms forget a picture's own colours, so that the identity's embedding gives those
of an average photograph."""


def opacity_of(strength: float, identity: bool) -> float:
    """Of the painting over the content. ``identity``: whether the network has an embedding that paints the picture as it is; one
    that has not knows one strength alone, the default, and the content shows through below that."""
    return min(1.0, strength / (FAINT if identity else DEFAULT_STRENGTH))


def repainted_share(strength: float, identity: bool) -> float:
    """How much the coarsest pass counts in what the last one goes over, the rest being the picture: with half of it, faces of a
    quarter of the picture can still be read at the default strength.

    0 where the content itself is needed, since it shows through (:func:`opacity_of`), and for networks that have one size of
    stroke of their own.
    """
    return strength if identity and strength >= FAINT else 0.0


def embedding_indices(number: int) -> tuple[int, ...]:
    """The indices of the embeddings of a network's style ``number``, from 0."""
    first = IDENTITY_EMBEDDING + 1 + EMBEDDINGS_PER_STYLE * number
    return tuple(range(first, first + EMBEDDINGS_PER_STYLE))


def paints_a_style(mix: Tensor) -> bool:
    """Whether anything but the identity has a share in ``mix`` (embeddings,)."""
    return bool(mix[IDENTITY_EMBEDDING + 1 :].any())


def mix_embeddings(
    embeddings: int, styles: Sequence[Sequence[int]], weights: Sequence[float], strength: float, detail: float
) -> Tensor:
    """(embeddings,): the mix for ``styles`` (the indices of each; networks trained elsewhere have the first alone) in ``weights``
    (summing to 1), at ``strength`` and ``detail`` 0..1. The identity gets what the styles leave below the default strength."""
    share = min(1.0, strength / DEFAULT_STRENGTH)
    broader, finer = (share * max(0.0, sign * (detail - DEFAULT_DETAIL) / DEFAULT_DETAIL) for sign in (-1, 1))
    parts = share, broader, finer, max(0.0, (strength - DEFAULT_STRENGTH) / (1 - DEFAULT_STRENGTH))
    mix = torch.zeros(embeddings)
    for style, weight in zip(styles, weights, strict=True):
        for index, part in zip(style, parts, strict=False):
            mix[index] += weight * part
    mix[IDENTITY_EMBEDDING] += 1 - share
    return mix
