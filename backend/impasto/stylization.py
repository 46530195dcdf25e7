"""The one description of a stylization.

Every parameter that affects a result is a field of :class:`Stylization`. The HTTP schema, the command line, the editors'
dialogs and `docs/parameters.md` derive from its fields or are tested against them, so a default or a range is written
here and nowhere else. No torch: the daemon process and the command line import this module.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from .errors import InvalidParameter, StyleMissing
from .methods import AUTO, METHODS
from .parameters import ADVANCED, ParameterSet, param

MAX_STYLES = 8
"""Styles that can be mixed."""


@dataclass(frozen=True)
class Stylization(ParameterSet):
    """What to paint and how. Field order is the order in which interfaces show them: artists' words first.

    Build one from the outside with :meth:`parse`, which checks every value; the constructor trusts its caller.
    """

    style: tuple[str, ...] = param(
        "text list",
        (),
        "The style or styles: ids from the style list, or pictures sent along.",
        most=MAX_STYLES,
    )
    style_weights: tuple[float, ...] = param(
        "number list",
        (),
        "How much each style counts, in the order of the styles (ids first, then pictures). Empty: equal parts.",
        minimum=0.0,
        maximum=100.0,
        most=MAX_STYLES,
    )
    strength: float = param(
        "number",
        0.5,
        "How far the picture moves towards the style: 0 leaves it as it is, 1 keeps little more than its outlines.",
        minimum=0.0,
        maximum=1.0,
        label="Strength",
        hint=(
            "How far the picture moves towards the style: at the left it stays as it is, at the right little more "
            "than its outlines is kept."
        ),
        front=True,
        widget="slider",
        ends=("Picture", "Style"),
    )
    detail: float = param(
        "number",
        0.5,
        "Size of the brush strokes: 0 is broad (twice the painting's own), 0.5 as in the painting, 1 is fine (half).",
        minimum=0.0,
        maximum=1.0,
        label="Detail",
        hint="Size of the brush strokes: in the middle as in the painting, at the left twice as broad, at the right half.",
        front=True,
        widget="slider",
        ends=("Broad strokes", "Fine strokes"),
    )
    stroke_size: float = param(
        "number",
        2.5,
        "Width of the broadest strokes that the fast method paints, in percent of the picture's long side, whatever its size. "
        "Above some 10 px a stroke, it is painted small first, and again with finer strokes over the broad ones.",
        unit="%",
        minimum=0.1,
        maximum=20.0,
        label="Stroke size (%)",
        hint=(
            "Width of the broadest strokes, in percent of the picture's long side: the same look at any size. Fine strokes are "
            "painted over them."
        ),
        front=True,
        step=0.5,
    )
    keep_colours: str = param(
        "choice",
        "off",
        "Whose colours: off takes the style's, luminance keeps the picture's exactly, match paints with the picture's palette.",
        choices=("off", "luminance", "match"),
        label="Keep colours",
        hint=(
            "Whose colours: the style's; exactly the picture's, so that only its lightness is painted; or the style's"
            " strokes with the picture's palette."
        ),
        choice_labels=("No, take the style's", "Yes, exactly the picture's", "The picture's palette"),
        front=True,
    )
    method: str = param(
        "choice",
        AUTO,
        "How it is painted: fast in one pass of a network that has learnt the style (seconds or less), or that is refined for any "
        "other style on the picture itself (some 15 s on a CPU; needs the weights of VGG-16), iterative by optimising the picture "
        "itself (a minute or so on a CPU, nearest to the style). auto: fast, unless one of the advanced parameters is set, which "
        "only the iterative method knows, or VGG-16 is needed and cannot be had.",
        choices=(AUTO, *METHODS),
        label="Method",
        hint=(
            "Fast paints in one pass of a network: in seconds where it has learnt the style, in about 20 s with any other picture. "
            "Iterative optimises the picture itself: a minute or so, nearer to the style. Automatic is fast, unless something is "
            "set that only the iterative method knows."
        ),
        choice_labels=("Automatic", *(entry.label for entry in METHODS.values())),
        front=True,
    )
    resolution: int = param(
        "integer",
        0,
        "Long side at which the picture is painted; the result always has the content's size. 0: what the device "
        "can do in about a minute; all of it with the fast method.",
        unit="px",
        minimum=0,
        maximum=16384,
        label="Paint at (px)",
        hint=(
            "Long side at which it is painted; the result always has the layer's own size. Automatic: all of it with "
            "the fast method, what takes about a minute with the iterative one."
        ),
        zero="Automatic",
        step=64,
    )
    seed: int = param(
        "integer",
        0,
        "The same seed gives the same picture (bit for bit on the CPU).",
        minimum=0,
        maximum=2**31 - 1,
        label="Seed",
        hint="The same seed gives the same picture.",
    )

    content_weight: float = param(
        "number",
        1.0,
        "How much the content counts, alpha in the paper; 1 is the balance that looks right at a strength of 0.5.",
        group=ADVANCED,
        minimum=0.0,
        maximum=1e6,
        label="Content weight",
        hint="How much the picture's forms count; 1 is the balance that looks right at a strength of 0.5.",
    )
    style_weight: float = param(
        "number",
        1.0,
        "How much the style counts, beta in the paper.",
        group=ADVANCED,
        minimum=0.0,
        maximum=1e6,
        label="Style weight",
        hint="How much the style counts.",
    )
    tv_weight: float = param(
        "number",
        1.0,
        "How much smoothness (total variation) counts: more of it calms single-pixel noise, too much blurs.",
        group=ADVANCED,
        minimum=0.0,
        maximum=1e6,
        label="Smoothness",
        hint="Calms single pixels; too much of it blurs.",
    )
    content_layers: dict[str, float] = param(
        "layers",
        {"relu3_3": 1.0, "relu4_2": 1.0},
        "Encoder layers whose features hold the content, with weights.",
        group=ADVANCED,
        minimum=0.0,
        maximum=1e6,
        label="Content layers",
        hint="The encoder's layers whose features hold the content, with their weights.",
    )
    style_layers: dict[str, float] = param(
        "layers",
        {"relu1_1": 0.5, "relu2_1": 0.7, "relu3_1": 1.0, "relu4_1": 1.8, "relu5_1": 1.4},
        "Encoder layers whose statistics hold the style, with weights.",
        group=ADVANCED,
        minimum=0.0,
        maximum=1e6,
        label="Style layers",
        hint="The encoder's layers whose statistics hold the style, with their weights.",
    )
    loss: str = param(
        "choice",
        "w2",
        "Distance to the style: w2 (Wasserstein-2 of means and covariances), nearest (every place is compared with the place of "
        "the style that is most like it), gram (size-invariant Gram matrices), gatys (the 2016 paper's exact normalisation, "
        "content included).",
        group=ADVANCED,
        choices=("w2", "nearest", "gram", "gatys"),
        label="Style distance",
        hint=(
            "How far a style is from another: Wasserstein-2 compares means and covariances, nearest neighbours keep every stroke "
            "where it belongs, Gram matrices are the classic, Gatys 2016 is the paper to the letter."
        ),
        choice_labels=("Wasserstein-2", "Nearest neighbours", "Gram matrices", "Gatys 2016"),
    )
    init: str = param(
        "choice",
        "fast",
        "What the painting starts from; fast: the fast method's picture, which is then refined at the two finest "
        "scales, unless scales says how many. The others take several times as long.",
        group=ADVANCED,
        choices=("fast", "content", "noise", "style"),
        label="Start from",
        hint="What the painting starts from. The fast painting is refined in far fewer steps than a picture needs.",
        choice_labels=("The fast painting", "The picture", "Noise", "The style"),
    )
    optimiser: str = param(
        "choice",
        "lbfgs",
        "lbfgs is the paper's and gets further in the same time; adam needs less memory at large sizes.",
        group=ADVANCED,
        choices=("adam", "lbfgs"),
        label="Optimiser",
        hint="L-BFGS gets further in the same time; Adam needs less memory at large sizes.",
        choice_labels=("Adam", "L-BFGS"),
    )
    iterations: int = param(
        "integer",
        0,
        "Steps at each scale. 0: as many as are worth their time, fewer where the fast picture is what it starts from.",
        group=ADVANCED,
        unit="steps",
        minimum=0,
        maximum=100000,
        label="Steps at each scale",
        hint="More steps, nearer to the style; time grows with them. Automatic: as many as are worth their time.",
        zero="Automatic",
    )
    step_size: float = param(
        "number",
        0.04,
        "Adam's first step at each scale, in units of the picture's range; it shrinks to a quarter.",
        group=ADVANCED,
        minimum=1e-05,
        maximum=1.0,
        label="Step size (Adam)",
        hint="Adam's first step, in units of the picture's range; it shrinks to a quarter.",
    )
    scales: int = param(
        "integer",
        0,
        "How many sizes, coarse to fine, the picture is painted at. 0: as many as the size asks for.",
        group=ADVANCED,
        minimum=0,
        maximum=12,
        label="Scales",
        hint="How many sizes, coarse to fine, it is painted at. Automatic: as many as the size asks for.",
        zero="Automatic",
    )
    pooling: str = param(
        "choice",
        "max",
        "How the encoder shrinks its features.",
        group=ADVANCED,
        choices=("max", "average", "l2"),
        label="Pooling",
        hint="How the encoder shrinks its features.",
        choice_labels=("Maximum", "Average", "L2"),
    )
    refine: int = param(
        "integer",
        40,
        "Steps by which the fast method refines a style that no network has learnt, on the picture itself; 0: as predicted.",
        group=ADVANCED,
        unit="steps",
        minimum=0,
        maximum=10_000,
        label="Refine (steps)",
        hint=(
            "How long the fast method works on a painting that it has not learnt: about a quarter of a second a step. 0 is "
            "at once, in its palette but with few of its strokes."
        ),
    )
    encoder: str = param(
        "choice",
        "auto",
        "The feature encoder (VGG): auto takes the best one present, then the best one that can be had.",
        group=ADVANCED,
        choices=("auto", "vgg19", "vgg16"),
        label="Feature encoder (VGG)",
        hint="The VGG network whose features of picture and style are compared. Automatic takes the best one there is.",
        choice_labels=("Automatic", "VGG-19", "VGG-16"),
    )

    @classmethod
    def parse(cls, values: Mapping[str, Any], *, styles_required: bool = True) -> Stylization:
        """Check and convert ``values`` (strings from a form or command line, or JSON).

        Raises :class:`UnknownParameter` (naming the nearest one), :class:`InvalidParameter` or :class:`StyleMissing`.
        """
        stylization = cls.converted(values)
        stylization.check(styles_required=styles_required)
        return stylization

    def check(self, *, styles_required: bool = True) -> None:
        """Rules that concern more than one field."""
        if styles_required and not self.style:
            raise StyleMissing(
                "No style was given.",
                field="style",
                hint="Send a picture as style=@painting.jpg, or the id of one that GET /v1/styles lists.",
            )
        if self.style_weights and len(self.style_weights) != len(self.style):
            raise InvalidParameter(
                f"There are {len(self.style)} styles but {len(self.style_weights)} style_weights.", field="style_weights"
            )
        if self.style_weights and not sum(self.style_weights) > 0:
            raise InvalidParameter("At least one of the style_weights must be above 0.", field="style_weights")

    def mix(self) -> Sequence[float]:
        """The style weights, one per style, summing to 1."""
        weights = self.style_weights or (1.0,) * len(self.style)
        return [w / sum(weights) for w in weights]
