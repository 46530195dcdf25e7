"""Which method paints, and what that will mean: asked by the daemon before a job, and by whoever paints."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from ..errors import ImpastoError
from ..machine import Machine
from ..models import FastLibrary, shipped_networks
from ..settings import Settings
from ..sizes import Size
from ..stylization import Stylization
from . import AUTO, METHODS, method_named
from .base import Method

NOT_A_CHOICE = {"method", "style", "style_weights"}
"""Parameters that every method heeds in a way of its own."""


QUICK_REFINING_S = 5.0
"""A painting that refines a style first is quick where all of it takes no longer."""


@dataclass(frozen=True)
class Plan:
    """What a choice will mean. ``method``: its name, and the ``reason`` for it as a sentence; ``width``, ``height``: px at which it
    is painted; ``seconds``: what painting will take, without waiting and fetching, or None where there is nothing to go by;
    ``refines``: whether a style is refined on the picture first, each time for another picture; ``stroke``: px of the picture that
    the broadest strokes will measure, or None where that is not known."""

    method: str
    reason: str
    width: int
    height: int
    seconds: float | None
    refines: bool = False
    stroke: int | None = None

    @property
    def quick(self) -> bool:
        """Whether it need not wait for long work: one pass, whose memory is bounded, and no long refining."""
        if self.method != "fast":
            return False
        return not self.refines or (self.seconds is not None and self.seconds <= QUICK_REFINING_S)

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


def choose(stylization: Stylization, library: FastLibrary) -> tuple[Method, str]:
    """The method for a stylization, and why. Raises the :class:`ImpastoError` that says why none will do."""
    if stylization.method != AUTO:
        method = method_named(stylization.method)
        method.check(stylization, library)
        return method, " ".join(filter(None, ("It was asked for.", without_effect(stylization, method))))
    reason, refusal = "", None
    for name in METHODS:
        method = method_named(name)
        ignored = next((parameter for parameter in changed(stylization) if parameter not in method.parameters), None)
        if ignored:
            reason = reason or f"{ignored} is set, which the {name} method does not know."
            continue
        try:
            method.check(stylization, library)
            return method, reason or f"The {name} method can do all that is asked for."
        except ImpastoError as error:
            reason, refusal = reason or error.message, error
    if refusal is None:
        raise LookupError(f"no method knows all of {', '.join(changed(stylization))}")
    raise refusal


def without_effect(stylization: Stylization, method: Method) -> str:
    """What to say of parameters that are set but that ``method`` does not know; empty where it heeds them all."""
    ignored = [name for name in changed(stylization) if name not in method.parameters]
    return f"The {method.name} method does not know {', '.join(ignored)}: without effect." if ignored else ""


def slowed_down(stylization: Stylization, method: str, library: FastLibrary) -> str:
    """What to say where a slower ``method`` paints because a network that ships is damaged or gone; empty where it is not so."""
    if method == "fast" or stylization.method != AUTO or library.ids().issuperset(stylization.style):
        return ""
    trouble = next(iter(shipped_networks.troubles()), "")
    return trouble and f"{trouble} So this was painted by the {method} method, which takes much longer. {shipped_networks.ADVICE}"


def changed(stylization: Stylization) -> list[str]:
    """The parameters that are not at their defaults."""
    parameters = [p for p in stylization.parameters() if p.name not in NOT_A_CHOICE]
    return [p.name for p in parameters if getattr(stylization, p.name) != p.default]


def plan(
    stylization: Stylization,
    full: Size,
    library: FastLibrary,
    settings: Settings,
    machine: Machine,
    pace: Mapping[str, float] | None = None,
) -> Plan:
    """What ``stylization`` will mean for a picture of size ``full``. ``pace``: seconds per work that each method has taken on this
    machine before. Raises as :func:`choose` does, and :class:`OutOfMemory` for what cannot fit."""
    method, reason = choose(stylization, library)
    size = method.size(full, stylization.resolution, settings, machine)
    rate = (pace or {}).get(method.name) or method.seconds_per_work(machine)
    seconds = round(rate * method.work(size, stylization, library), 2) if rate is not None and stylization.strength else None
    seconds = 0.0 if stylization.strength == 0 else seconds
    unlearnt = not library.ids().issuperset(stylization.style)
    refines = method.name == "fast" and unlearnt and stylization.refine > 0 and stylization.strength > 0
    share = method.stroke_share(size, stylization)
    stroke = None if share is None else round(share * max(full))
    return Plan(method.name, reason, size[1], size[0], seconds, refines, stroke)
