"""The iterative method: a picture optimised until its features say "this content, in that style".

Gatys, Ecker & Bethge 2016 (CVPR), coarse to fine as in Gatys et al. 2017 (arXiv 1611.07865).

An :class:`IterativeTransfer` is an iterator. Whoever drives it may look at :meth:`IterativeTransfer.picture` between any two steps,
and ends it by no longer asking: "stop and keep" takes the picture, "discard" does not. From :meth:`IterativeTransfer.state` between
two steps, another :class:`IterativeTransfer` of the same pictures can go on.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from ..errors import NumericalFailure
from ..sizes import REFINING_SCALES, Size, fit, pyramid, step_costs, steps_at
from ..stylization import Stylization
from .colour import keep_chroma, luminance, match_luminance, match_palette
from .encoder import Encoder
from .objective import Objective, style_loss
from .optimise import LBFGS, Adam, Average, Optimiser
from .scales import crop_margin, margin_of, pad, padded_size, resize, size_of

MOST_SKIPPED_IN_A_ROW = 10


@dataclass(frozen=True)
class Progress:
    """Where a painting stands after a step."""

    step: int
    """Steps done, counted over all scales, and their ``total``."""
    total: int
    scale: int
    """Scale at work, 1 the coarsest, and how many ``scales`` there are; ``width`` and ``height`` are its size in px."""
    scales: int
    width: int
    height: int
    losses: dict[str, float]
    """content, style, tv and total; the first three before weighting."""
    fraction: float
    """Share of the computing done, 0..1: steps weighted by their cost, so that it runs evenly with time."""
    skipped: int
    """Steps so far that overshot or gave non-finite numbers and were undone."""


class IterativeTransfer(Iterator[Progress]):
    """One run of the iterative method.

    ``content`` (1, 3, H, W) and ``styles`` (a list of the same at any size) are float32, sRGB-encoded, 0..1, on the
    encoder's device; the picture is painted at the content's size. ``start``, a picture of that size that is painted already, is
    what it begins with, whatever the stylization's ``init``; where that is "fast" and there is none, it begins with the content.
    Raises :class:`NumericalFailure` from a step when many in a row are not finite.
    """

    def __init__(
        self, content: Tensor, styles: Sequence[Tensor], encoder: Encoder, stylization: Stylization, start: Tensor | None = None
    ) -> None:
        self.content = content
        self.start = start
        self.encoder = encoder
        self.stylization = stylization
        self.sizes = pyramid(size_of(content), stylization.scales or (REFINING_SCALES if start is not None else 0))
        self.margin = margin_of(size_of(content))
        as_seen, self._styles = _recoloured(content, styles, stylization.keep_colours)
        self._padded_content = pad(as_seen, self.margin)
        self._padded_sizes = [padded_size(size, self.margin * max(size) / max(self.sizes[-1])) for size in self.sizes]
        self._scale = self._done = self.skipped = 0
        self._optimiser: Optimiser | None = None
        self._steps_at = steps_at(len(self.sizes), stylization.iterations, start is not None)
        self._average = Average(_decay(self._steps_at[0]))
        self._coarser: Tensor | None = None
        self._steps = self._run()

    def __next__(self) -> Progress:
        """Do one step."""
        return next(self._steps)

    def picture(self, size: Size | None = None) -> Tensor:
        """The painting so far, (1, 3, H, W), 0..1, at the content's size or at ``size``; before the first step, the content."""
        size = size or size_of(self.content)
        painted = self._average.value
        if painted is None:
            painted = self._coarser if self._coarser is not None else self._padded_content
        painted = resize(crop_margin(resize(painted, size_of(self._padded_content)), self.margin), size).clamp(0, 1)
        if self.stylization.keep_colours == "luminance":
            painted = keep_chroma(resize(self.content, size).clamp(0, 1), painted)
        return painted

    @property
    def done(self) -> int:
        """Steps done, counted over all scales."""
        return sum(self._steps_at[: self._scale]) + self._done

    def state(self) -> dict[str, Any]:
        """Everything that :meth:`restore` needs, in tensors and plain numbers. The tensors are the painting's own: keep them
        before the next step."""
        return {
            "scale": self._scale,
            "done": self._done,
            "skipped": self.skipped,
            "coarser": self._coarser,
            "average": self._average.state(),
            "optimiser": self._optimiser.state() if self._optimiser else None,
        }

    def restore(self, state: Mapping[str, Any]) -> None:
        """Before the first step: go on from the :meth:`state` of a painting of the same pictures, sizes, encoder and stylization.

        On the CPU, with as many threads, the rest comes out as if nothing had happened, to the bit.
        """
        self._scale, self._done, self.skipped = int(state["scale"]), int(state["done"]), int(state["skipped"])
        self._coarser = state["coarser"]
        self._average.restore(state["average"])
        if state["optimiser"]:
            self._optimiser = self._new_optimiser(self.content.new_zeros((1, 3, *self._padded_sizes[self._scale])))
            self._optimiser.restore(state["optimiser"])

    # -- the work ----------------------------------------------------------------------------------------------------

    def _run(self) -> Iterator[Progress]:
        if self.stylization.strength == 0:
            return
        optimiser = self._optimiser = self._optimiser or self._new_optimiser(self._start(self._padded_sizes[0]).clamp(0, 1))
        while True:
            objective = self._objective(self.sizes[self._scale], self._padded_sizes[self._scale])
            steps = self._steps_at[self._scale]
            while self._done < steps:
                self._step(optimiser, objective, self._done / steps)
                self._done += 1
                yield self._progress(objective)
            if self._scale + 1 == len(self.sizes):
                return
            optimiser = self._optimiser = self._next_scale(optimiser)

    def _next_scale(self, optimiser: Optimiser) -> Optimiser:
        """Go over to the next scale, with the optimiser that goes on there."""
        painted = self._average.value
        if painted is not None:
            with torch.no_grad():
                optimiser.picture.copy_(painted)
        self._scale, self._done = self._scale + 1, 0
        # Until the new scale has an average of its own, the last one's is what there is to see.
        self._coarser, self._average = painted, Average(_decay(self._steps_at[self._scale]))
        return optimiser.at(self._padded_sizes[self._scale])

    def _progress(self, objective: Objective) -> Progress:
        scale, steps, (height, width) = self._scale, self._steps_at, self.sizes[self._scale]
        work = [count * cost for count, cost in zip(steps, step_costs(self.sizes), strict=True)]
        done = sum(work[:scale]) + work[scale] * self._done / steps[scale]
        return Progress(
            step=self.done,
            total=sum(steps),
            scale=scale + 1,
            scales=len(work),
            width=width,
            height=height,
            losses=objective.losses,
            fraction=done / sum(work),
            skipped=self.skipped,
        )

    def _step(self, optimiser: Optimiser, objective: Objective, progress: float) -> None:
        for _ in range(MOST_SKIPPED_IN_A_ROW):
            if optimiser.step(objective, progress):
                self._average.update(optimiser.picture.clamp(0, 1))
                return
            self.skipped += 1
        raise NumericalFailure(
            f"{MOST_SKIPPED_IN_A_ROW} steps in a row overshot or gave numbers that are not finite.",
            hint="Lower step_size or the weights, or use the fp32 precision.",
        )

    def _objective(self, size: Size, padded: Size) -> Objective:
        s = self.stylization
        styles = [resize(style, self._style_size(style, size)).clamp(0, 1) for style in self._styles]
        style = style_loss(self.encoder, styles, s, self._guide(padded))
        content_weight = s.content_weight * content_share(s.strength)
        return Objective(self.encoder, resize(self._padded_content, padded).clamp(0, 1), style, s, content_weight)

    def _guide(self, padded: Size) -> Tensor:
        """What is given neighbours in the style: the content at first, whatever it begins with, and then what has been painted."""
        return resize(self._padded_content if self._coarser is None else self._coarser, padded).clamp(0, 1)

    def _style_size(self, style: Tensor, size: Size) -> Size:
        # Never enlarged beyond its own pixels: the blur would be learnt as part of the style.
        return fit(size_of(style), min(max(size) * stroke_scale(self.stylization.detail), max(size_of(style))))

    def _start(self, padded: Size) -> Tensor:
        if self.start is not None:
            start = luminance(self.start).expand(-1, 3, -1, -1) if self.stylization.keep_colours == "luminance" else self.start
            return resize(pad(start.contiguous(), self.margin), padded).clamp(0, 1)
        if self.stylization.init in ("content", "fast"):
            return resize(self._padded_content, padded).clamp(0, 1)
        if self.stylization.init == "style":
            return resize(self._styles[0], padded).clamp(0, 1)
        # Drawn on the CPU, so that a seed means the same noise on every device.
        generator = torch.Generator().manual_seed(self.stylization.seed)
        return torch.rand((1, 3, *padded), generator=generator).to(self.content)

    def _new_optimiser(self, start: Tensor) -> Optimiser:
        return LBFGS(start) if self.stylization.optimiser == "lbfgs" else Adam(start, self.stylization.step_size)


def _decay(steps: int) -> float:
    """Of the averaged iterate: it remembers about the last tenth of a scale."""
    return 1 - 1 / max(1.0, steps / 10)


def content_share(strength: float) -> float:
    """What ``strength`` (0 < s <= 1) multiplies the content's weight by: 1 at 0.5, towards infinity at 0, 0 at 1."""
    return ((1 - strength) / strength) ** 2


def stroke_scale(detail: float) -> float:
    """The style's size relative to the picture's: 2 at detail 0 (broad strokes), 1 at 0.5, 1/2 at 1 (fine ones)."""
    return 2 ** (1 - 2 * detail)


def _recoloured(content: Tensor, styles: Sequence[Tensor], keep_colours: str) -> tuple[Tensor, list[Tensor]]:
    """The content as the encoder is to see it, and the styles in the colours that they are to give."""
    if keep_colours == "luminance":
        return luminance(content).expand(-1, 3, -1, -1).contiguous(), [match_luminance(style, content) for style in styles]
    if keep_colours == "match":
        return content, [match_palette(style, content) for style in styles]
    return content, list(styles)
