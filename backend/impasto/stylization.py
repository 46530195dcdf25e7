"""The one description of a stylization.

Every parameter that affects a result is a field of :class:`Stylization`. The HTTP schema, the command line, the editors'
dialogs and `docs/parameters.md` derive from its fields or are tested against them, so a default or a range is written
here and nowhere else. No torch: the daemon process and the command line import this module.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from .errors import InvalidParameter, StyleMissing, UnknownParameter, did_you_mean

BASIC, ADVANCED = "basic", "advanced"

STYLE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""What a style's id looks like. Ids are looked up in the catalogue, never joined to a path unseen."""

UPLOAD = re.compile(r"upload:[0-9]{1,2}")
"""A style picture that came with the request, by its position."""

MAX_STYLES = 8


@dataclass(frozen=True)
class Parameter:
    """One parameter as the outside sees it: what a form, a command-line option or a schema needs to know."""

    name: str
    kind: str  # "number" | "integer" | "choice" | "text list" | "number list" | "layers"
    default: Any
    help: str
    group: str = BASIC
    unit: str = ""
    minimum: float | None = None
    maximum: float | None = None
    choices: tuple[str, ...] = ()

    def parse(self, value: Any) -> Any:
        """A typed value from a string, a number or a list. Raises :class:`InvalidParameter` with the accepted values."""
        try:
            return _PARSERS[self.kind](self, value)
        except (ValueError, TypeError, OverflowError, AttributeError):
            raise InvalidParameter(f"{self.name} is {_shown(value)}, but must be {self.accepts()}.", field=self.name) from None

    def accepts(self) -> str:
        """The accepted values in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        noun = {"number": "a number", "integer": "a whole number", "number list": "numbers, separated by commas",
                "text list": "a list of style ids", "layers": "layer names with weights, such as relu1_1:1,relu4_2:0.5"}[self.kind]
        if self.minimum is None or self.maximum is None:
            return noun
        return f"{noun} from {plain(self.minimum)} to {plain(self.maximum)}" + (f" {self.unit}" if self.unit else "")


def plain(number: float) -> str:
    """A number as people write it: 100000 rather than 1e+05, 0.00001 rather than 1e-05."""
    return f"{number:.9f}".rstrip("0").rstrip(".")


def _number(p: Parameter, value: Any) -> float:
    if isinstance(value, bool):
        raise ValueError
    number = float(value)
    low = -math.inf if p.minimum is None else p.minimum
    high = math.inf if p.maximum is None else p.maximum
    if not math.isfinite(number) or not low <= number <= high:
        raise ValueError
    return number


def _integer(p: Parameter, value: Any) -> int:
    number = _number(p, value)
    if number != int(number):
        raise ValueError
    return int(value) if isinstance(value, int) else int(number)


def _choice(p: Parameter, value: Any) -> str:
    if value not in p.choices:
        raise ValueError
    return value


def _listed(value: Any) -> list[Any]:
    if isinstance(value, str):
        return [part.strip() for part in value.split(",") if part.strip()]
    if isinstance(value, (int, float)):
        return [value]
    return [inner for part in value for inner in _listed(part)]


def _text_list(p: Parameter, value: Any) -> tuple[str, ...]:
    names = tuple(_listed(value))
    if len(names) > MAX_STYLES or not all(STYLE_ID.fullmatch(n) or UPLOAD.fullmatch(n) for n in names):
        raise ValueError
    return names


def _number_list(p: Parameter, value: Any) -> tuple[float, ...]:
    return tuple(_number(p, part) for part in _listed(value))


_LAYER = re.compile(r"(?:relu|conv)[1-5]_[1-4]")


def _layers(p: Parameter, value: Any) -> dict[str, float]:
    pairs = value.items() if isinstance(value, Mapping) else [part.partition(":")[::2] for part in _listed(value)]
    weights = {name: _number(p, weight if weight != "" else 1.0) for name, weight in pairs}
    if not weights or not all(_LAYER.fullmatch(name) for name in weights) or not any(weights.values()):
        raise ValueError
    return weights


_PARSERS = {"number": _number, "integer": _integer, "choice": _choice, "text list": _text_list,
            "number list": _number_list, "layers": _layers}


def _shown(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= 60 else text[:57] + "...")


def _param(kind: str, default: Any, help: str, **spec: Any) -> Any:
    spec = {"kind": kind, "help": help, **spec}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=spec)
    return field(default=default, metadata=spec)


@dataclass(frozen=True)
class Stylization:
    """What to paint and how. Field order is the order in which interfaces show them: artists' words first.

    Build one from the outside with :meth:`parse`, which checks every value; the constructor trusts its caller.
    """

    style: tuple[str, ...] = _param(
        "text list", (), "The style or styles: ids from the style list, or pictures sent along.")
    style_weights: tuple[float, ...] = _param(
        "number list", (), "How much each style counts, in the order of the styles (ids first, then pictures). Empty: equal parts.",
        minimum=0.0, maximum=100.0)
    strength: float = _param(
        "number", 0.5, "How far the picture moves towards the style: 0 leaves it as it is, 1 keeps little more than its outlines.",
        minimum=0.0, maximum=1.0)
    detail: float = _param(
        "number", 0.5,
        "Size of the brush strokes: 0 is broad (twice the painting's own), 0.5 as in the painting, 1 is fine (half).",
        minimum=0.0, maximum=1.0)
    keep_colours: str = _param(
        "choice", "off",
        "Whose colours: off takes the style's, luminance keeps the picture's exactly, match paints with the picture's palette.",
        choices=("off", "luminance", "match"))
    method: str = _param(
        "choice", "auto", "How it is painted: fast in one pass of a network that has learnt the style (seconds or less), iterative "
        "by optimising the picture itself (minutes, any picture as style). auto: fast where the styles have been learnt, "
        "unless one of the advanced parameters is set, which only the iterative method knows.",
        choices=("auto", "fast", "iterative"))
    resolution: int = _param(
        "integer", 0, "Long side at which the picture is painted; the result always has the content's size. "
        "0: what the device can do in a few minutes; all of it with the fast method.",
        unit="px", minimum=0, maximum=16384)
    seed: int = _param(
        "integer", 0, "The same seed gives the same picture (bit for bit on the CPU).", minimum=0, maximum=2**31 - 1)

    content_weight: float = _param(
        "number", 1.0, "How much the content counts, alpha in the paper; 1 is the balance that looks right at a "
        "strength of 0.5.", group=ADVANCED, minimum=0.0, maximum=1e6)
    style_weight: float = _param(
        "number", 1.0, "How much the style counts, beta in the paper.", group=ADVANCED, minimum=0.0, maximum=1e6)
    tv_weight: float = _param(
        "number", 1.0, "How much smoothness (total variation) counts: more of it calms single-pixel noise, too much "
        "blurs.", group=ADVANCED, minimum=0.0, maximum=1e6)
    content_layers: dict[str, float] = _param(
        "layers", {"relu3_3": 1.0, "relu4_2": 1.0}, "Encoder layers whose features hold the content, with weights.", group=ADVANCED,
        minimum=0.0, maximum=1e6)
    style_layers: dict[str, float] = _param(
        "layers", {"relu1_1": 0.5, "relu2_1": 0.7, "relu3_1": 1.0, "relu4_1": 1.8, "relu5_1": 1.4},
        "Encoder layers whose statistics hold the style, with weights.", group=ADVANCED, minimum=0.0, maximum=1e6)
    loss: str = _param(
        "choice", "w2",
        "Distance between style statistics: w2 (Wasserstein-2 of means and covariances), gram (size-invariant Gram matrices), "
        "gatys (the 2016 paper's exact normalisation, content included).", group=ADVANCED, choices=("w2", "gram", "gatys"))
    init: str = _param(
        "choice", "content", "What the painting starts from; fast: the fast method's picture, which is then refined at the two "
        "finest scales, unless scales says how many.", group=ADVANCED, choices=("content", "noise", "style", "fast"))
    optimiser: str = _param(
        "choice", "lbfgs", "lbfgs is the paper's and gets further in the same time; adam needs less memory at large "
        "sizes.", group=ADVANCED, choices=("adam", "lbfgs"))
    iterations: int = _param(
        "integer", 45, "Steps at each scale.", group=ADVANCED, unit="steps", minimum=1, maximum=100_000)
    step_size: float = _param(
        "number", 0.04, "Adam's first step at each scale, in units of the picture's range; it shrinks to a quarter.",
        group=ADVANCED, minimum=1e-5, maximum=1.0)
    scales: int = _param(
        "integer", 0, "How many sizes, coarse to fine, the picture is painted at. 0: as many as the size asks for.",
        group=ADVANCED, minimum=0, maximum=12)
    pooling: str = _param(
        "choice", "max", "How the encoder shrinks its features.", group=ADVANCED, choices=("max", "average", "l2"))
    encoder: str = _param(
        "choice", "auto", "The network that sees: auto takes the best one present, then the best one that can be had.",
        group=ADVANCED, choices=("auto", "vgg19", "vgg16"))

    @classmethod
    def parameters(cls) -> tuple[Parameter, ...]:
        """Every parameter with its kind, default, range and help, in display order."""
        defaults = cls()
        return tuple(Parameter(name=f.name, default=getattr(defaults, f.name), **f.metadata) for f in dataclasses.fields(cls))

    @classmethod
    def parse(cls, values: Mapping[str, Any], *, styles_required: bool = True) -> Stylization:
        """Check and convert ``values`` (strings from a form or command line, or JSON).

        Raises :class:`UnknownParameter` (naming the nearest one), :class:`InvalidParameter` or :class:`StyleMissing`.
        """
        known = {p.name: p for p in cls.parameters()}
        for name in values:
            if name not in known:
                raise UnknownParameter(f"There is no parameter {_shown(name)}.", field=str(name)[:60],
                                       hint=did_you_mean(str(name), known) or "GET /v1/parameters lists them all.")
        stylization = cls(**{name: known[name].parse(value) for name, value in values.items()})
        stylization.check(styles_required=styles_required)
        return stylization

    def check(self, *, styles_required: bool = True) -> None:
        """Rules that concern more than one field."""
        if styles_required and not self.style:
            raise StyleMissing("No style was given.", field="style",
                               hint="Send a picture as style=@painting.jpg, or the id of one that GET /v1/styles lists.")
        if self.style_weights and len(self.style_weights) != len(self.style):
            raise InvalidParameter(f"There are {len(self.style)} styles but {len(self.style_weights)} style_weights.",
                                   field="style_weights")
        if self.style_weights and not sum(self.style_weights) > 0:
            raise InvalidParameter("At least one of the style_weights must be above 0.", field="style_weights")

    def iterates(self) -> bool:
        """Whether only the iterative method will do: it is asked for, or something that the fast one does not know."""
        advanced = [p for p in self.parameters() if p.group == ADVANCED]
        return self.method == "iterative" or (self.method == "auto" and any(getattr(self, p.name) != p.default for p in advanced))

    def mix(self) -> Sequence[float]:
        """The style weights, one per style, summing to 1."""
        weights = self.style_weights or (1.0,) * len(self.style)
        return [w / sum(weights) for w in weights]

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types; ``Stylization.parse(s.to_dict()) == s``."""
        return {f.name: list(v) if isinstance(v := getattr(self, f.name), tuple) else v for f in dataclasses.fields(self)}
