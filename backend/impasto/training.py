"""The one description of a training: what ``impasto train``, POST /v1/styles/train and the editors' "learn this style" ask for.

The paintings and their titles come beside it, as the pictures of a stylization do. No torch.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from .errors import InvalidParameter
from .parameters import ADVANCED, ParameterSet, param

STYLE, NETWORK = "style", "network"

NETWORKS = ("hourglass:48-96x5", "lean:64x5", "lean:48x4", "johnson:16-32-64x5", "johnson:32-64-128x5", "texture:8x5")
"""What can be trained from nothing; ``impasto.style.transformer`` says what they are."""

STEPS = {STYLE: 400, NETWORK: 8000}
"""Steps where nothing is asked for."""

MAX_PAINTINGS = 16

MIN_SIDE = 16
"""px; the encoder halves its features four times."""


@dataclass(frozen=True)
class Training(ParameterSet):
    """How to learn styles. Field order is the order in which interfaces show them."""

    learn: str = param(
        "choice",
        STYLE,
        "What is learnt: style adds the paintings to the network that ships with Impasto (minutes; some 70 "
        "kilobytes a painting), network trains one anew for these paintings alone (hours, or minutes on a GPU).",
        choices=(STYLE, NETWORK),
    )
    steps: int = param(
        "integer",
        0,
        f"How long it learns. 0: {STEPS[STYLE]} steps a painting for a style, {STEPS[NETWORK]} in all for a network.",
        unit="steps",
        minimum=0,
        maximum=1_000_000,
    )
    network: str = param("choice", NETWORKS[0], "Which network is trained anew.", group=ADVANCED, choices=NETWORKS)
    batch: int = param(
        "integer", 0, "Photographs in a step. 0: 1 for a style, 4 for a network.", group=ADVANCED, minimum=0, maximum=256
    )
    side: int = param(
        "integer",
        0,
        "Side of the squares that are cut from photographs. 0: 256 for a style, 128 for a network.",
        group=ADVANCED,
        unit="px",
        minimum=0,
        maximum=512,
    )
    stroke: int = param(
        "integer",
        768,
        "Long side at which a painting is looked at for broad strokes; half of it for its own, a quarter for fine.",
        group=ADVANCED,
        unit="px",
        minimum=256,
        maximum=2048,
    )
    learning_rate: float = param(
        "number", 0.0, "Adam's, at its highest. 0: 0.01 for a style, 0.002 for a network.", group=ADVANCED, minimum=0.0, maximum=1.0
    )
    content_weight: float = param(
        "number",
        1.0,
        "How much the photographs' own forms count; more of it keeps faces, less gives the strokes more room.",
        group=ADVANCED,
        minimum=0.0,
        maximum=100.0,
    )
    tv_weight: float = param(
        "number", 1.0, "How much smoothness (total variation) counts.", group=ADVANCED, minimum=0.0, maximum=100.0
    )
    seed: int = param(
        "integer", 0, "The same seed gives the same network (bit for bit on the CPU).", group=ADVANCED, minimum=0, maximum=2**31 - 1
    )

    @classmethod
    def parse(cls, values: Mapping[str, Any]) -> Training:
        """Check and convert ``values`` (strings from a form or command line, or JSON). Raises as :meth:`converted` does."""
        training = cls.converted(values)
        if 0 < training.side < MIN_SIDE:
            raise InvalidParameter(f"side is {training.side}, but must be 0 or at least {MIN_SIDE} px.", field="side")
        return training
