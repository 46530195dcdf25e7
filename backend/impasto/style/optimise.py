"""Optimisers that know they are painting: they keep to the picture's range, outlive a change of scale, and refuse bad steps."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, Protocol

import torch
from torch import Tensor

from ..sizes import Size
from .scales import resize

Evaluate = Callable[[Tensor], Tensor]
"""The objective: picture (1, 3, H, W) -> scalar."""


class Optimiser(Protocol):
    """``picture`` is (1, 3, H, W), 0..1."""

    picture: Tensor

    def step(self, evaluate: Evaluate, progress: float = 0.0) -> bool:
        """One step down; ``progress`` (0..1) is how much of this scale is done.

        False, the picture put back where it was good, when the loss or its gradient was not finite or the last step overshot.
        """

    def at(self, size: Size) -> Optimiser:
        """This optimiser at another size, what it has learnt carried over."""

    def state(self) -> dict[str, Any]:
        """Tensors and plain numbers from which :meth:`restore` goes on to the bit. The tensors are its own: keep them before the
        next step."""

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from the :meth:`state` of an optimiser of this kind and size."""


class Adam:
    """Kingma & Ba 2015, with the picture held to 0..1 after each step and the moments carried from scale to scale."""

    BETAS = (0.9, 0.99)
    LAST_STEP = 0.25
    """The step size falls to this share over each scale: long strides first, then settling."""

    def __init__(self, picture: Tensor, step_size: float) -> None:
        """``picture`` (1, 3, H, W), 0..1, is where it starts from; ``step_size`` is in units of that range."""
        self.picture = picture.detach().clone().requires_grad_()
        self.step_size = step_size
        self._adam = torch.optim.Adam([self.picture], lr=step_size, betas=self.BETAS)

    def step(self, evaluate: Evaluate, progress: float = 0.0) -> bool:
        """See :class:`Optimiser`."""
        self._adam.param_groups[0]["lr"] = self.step_size * (1 - (1 - self.LAST_STEP) * progress)
        self._adam.zero_grad()
        loss = evaluate(self.picture)
        loss.backward()
        if not (torch.isfinite(loss) and _gradient_is_finite(self.picture)):
            return False
        self._adam.step()
        with torch.no_grad():
            self.picture.clamp_(0, 1)
        return True

    def at(self, size: Size) -> Adam:
        """See :class:`Optimiser`. Without its moments Adam would spend its first steps at the new scale undoing the painting."""
        grown = Adam(resize(self.picture.detach(), size).clamp(0, 1), self.step_size)
        state = self._adam.state.get(self.picture)
        if state:
            grown._adam.state[grown.picture] = {
                "step": state["step"].clone(),
                "exp_avg": resize(state["exp_avg"], size),
                "exp_avg_sq": torch.nn.functional.interpolate(state["exp_avg_sq"], size=size, mode="bilinear", align_corners=False),
            }
        return grown

    def state(self) -> dict[str, Any]:
        """See :class:`Optimiser`."""
        return {"picture": self.picture.detach(), "adam": self._adam.state_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See :class:`Optimiser`."""
        with torch.no_grad():
            self.picture.copy_(state["picture"])
        self._adam.load_state_dict(state["adam"])


class LBFGS:
    """Limited-memory BFGS, the optimiser of the 2016 paper. Never clamped between steps: that breaks its curvature pairs."""

    HISTORY = 20
    # torch drops curvature pairs whose product is under 1e-10, which relative losses of small pictures can be.
    GAIN = 1e4
    # Without a line search a step can overshoot; a loss that grew by this much is one to take back.
    EXPLODED = 2.0

    def __init__(self, picture: Tensor) -> None:
        """``picture`` (1, 3, H, W), 0..1, is where it starts from."""
        self.picture = picture.detach().clone(memory_format=torch.contiguous_format).requires_grad_()
        self._last = self.picture.detach().clone()
        self._restart()

    def _restart(self) -> None:
        # What curvature pairs remember may be what led to the bad step.
        self._loss = float("inf")
        self._lbfgs = torch.optim.LBFGS([self.picture], max_iter=1, history_size=self.HISTORY, tolerance_grad=0, tolerance_change=0)

    def step(self, evaluate: Evaluate, progress: float = 0.0) -> bool:
        """See :class:`Optimiser`. A step is judged by the loss where it led, that is, when the next one begins."""
        here = self.picture.detach().clone()
        good = True

        def closure() -> Tensor:
            nonlocal good
            self._lbfgs.zero_grad()
            loss = evaluate(self.picture) * self.GAIN
            loss.backward()
            value = float(loss.detach())
            good = math.isfinite(value) and _gradient_is_finite(self.picture) and value < self.EXPLODED * self._loss
            self._loss = value
            return loss

        self._lbfgs.step(closure)
        if good and torch.isfinite(self.picture).all():
            self._last = here
            return True
        with torch.no_grad():
            self.picture.copy_(self._last)
        self._restart()
        return False

    def at(self, size: Size) -> LBFGS:
        """See :class:`Optimiser`. Curvature pairs belong to one size, so they start afresh."""
        return LBFGS(resize(self.picture.detach(), size).clamp(0, 1))

    def state(self) -> dict[str, Any]:
        """See :class:`Optimiser`. With its curvature pairs it is some 45 pictures large."""
        return {"picture": self.picture.detach(), "last": self._last, "loss": self._loss, "lbfgs": self._lbfgs.state_dict()}

    def restore(self, state: Mapping[str, Any]) -> None:
        """See :class:`Optimiser`."""
        with torch.no_grad():
            self.picture.copy_(state["picture"])
            self._last.copy_(state["last"])
        self._loss = float(state["loss"])
        self._lbfgs.load_state_dict(state["lbfgs"])


class Average:
    """Bias-corrected exponential mean of the iterates: what is shown and kept, without the optimiser's jitter."""

    def __init__(self, decay: float) -> None:
        """``decay`` 0..1: the share of the mean that each new iterate leaves standing."""
        self.decay = decay
        self._sum: Tensor | None = None
        self._weight = 0.0

    def update(self, picture: Tensor) -> None:
        """Take one more iterate (1, 3, H, W) into account."""
        picture = picture.detach()
        if self._sum is None:
            self._sum = torch.zeros_like(picture)
        self._sum.mul_(self.decay).add_(picture, alpha=1 - self.decay)
        self._weight = self._weight * self.decay + 1 - self.decay

    def state(self) -> dict[str, Any]:
        """Tensors and plain numbers for :meth:`restore`; the tensor is its own."""
        return {"sum": self._sum, "weight": self._weight}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Go on from :meth:`state`."""
        self._sum, self._weight = state["sum"], float(state["weight"])

    @property
    def value(self) -> Tensor | None:
        """The mean so far, or None before the first update."""
        return None if self._sum is None else self._sum / self._weight


def _gradient_is_finite(picture: Tensor) -> bool:
    return picture.grad is not None and bool(torch.isfinite(picture.grad).all())
