"""What a form, a command-line option or a schema needs to know of a parameter, and dataclasses whose fields are parameters.

What is asked for (a stylization, a training) is one dataclass; everything outside derives from its fields or is tested against
them, so a default, a range or a label is written once. No torch: the daemon process and the command line import this module.
"""

from __future__ import annotations

import dataclasses
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar, TypeVar

from .errors import InvalidParameter, UnknownParameter, did_you_mean, harmless, quoted

BASIC, ADVANCED = "basic", "advanced"

STYLE_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
"""What a style's id looks like. Ids are looked up in the catalogue, never joined to a path unseen."""

UPLOAD = re.compile(r"upload:[0-9]{1,2}")
"""A style picture that came with the request, by its position."""


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

    label: str = ""
    """What an interface calls it. Labels and hints are translated by the editors."""
    hint: str = ""
    """A sentence or two in an artist's words, in those of the labels."""
    choice_labels: tuple[str, ...] = ()
    """What an interface calls the choices, in their order."""
    front: bool = False
    """Whether it is in sight at once; interfaces fold the others away."""
    widget: str = ""
    """"slider" where one is fit; otherwise what the kind suggests."""
    ends: tuple[str, ...] = ()
    """What the two ends of its slider mean."""
    step: float = 0.0
    """What an arrow key adds to it in an interface; 0: what the kind suggests."""
    zero: str = ""
    """What 0 stands for, in a word, where it is no number: "Automatic"."""
    most: int = 0
    """Of a list: the most items that it takes; 0: any number."""

    def parse(self, value: Any) -> Any:
        """A typed value from a string, a number or a list. Raises :class:`InvalidParameter` with the accepted values."""
        try:
            return _PARSERS[self.kind](self, value)
        except (ValueError, TypeError, OverflowError, AttributeError):
            raise InvalidParameter(f"{self.name} is {quoted(value)}, but must be {self.accepts()}.", field=self.name) from None

    def accepts(self) -> str:
        """The accepted values in words."""
        if self.choices:
            return "one of " + ", ".join(self.choices)
        noun = {
            "number": "a number",
            "integer": "a whole number",
            "number list": "numbers, separated by commas",
            "text list": "a list of style ids",
            "layers": "layer names with weights, such as relu1_1:1,relu4_2:0.5",
        }[self.kind]
        if self.minimum is None or self.maximum is None:
            return noun
        return f"{noun} from {plain(self.minimum)} to {plain(self.maximum)}" + (f" {self.unit}" if self.unit else "")


def plain(number: float) -> str:
    """A number as people write it: 100000 rather than 1e+05, 0.00001 rather than 1e-05."""
    return f"{number:.9f}".rstrip("0").rstrip(".")


_NUMBER = re.compile(r"[+-]?(?:[0-9]{1,400}(?:\.[0-9]{0,400})?|\.[0-9]{1,400})(?:[eE][+-]?[0-9]{1,4})?")
"""Plain digits. Python would take underscores and the digits of every alphabet, too."""


def _number(p: Parameter, value: Any) -> float:
    if isinstance(value, bool) or (isinstance(value, str) and not _NUMBER.fullmatch(value.strip())):
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
    if (p.most and len(names) > p.most) or not all(STYLE_ID.fullmatch(n) or UPLOAD.fullmatch(n) for n in names):
        raise ValueError
    return names


def _number_list(p: Parameter, value: Any) -> tuple[float, ...]:
    return tuple(_number(p, part) for part in _listed(value))


_LAYER = re.compile(r"(?:relu|conv)(?:[12]_[12]|[345]_[1-4])")


def _layers(p: Parameter, value: Any) -> dict[str, float]:
    pairs = value.items() if isinstance(value, Mapping) else [part.partition(":")[::2] for part in _listed(value)]
    weights = {name: _number(p, weight if weight != "" else 1.0) for name, weight in pairs}
    if not weights or not all(_LAYER.fullmatch(name) for name in weights) or not any(weights.values()):
        raise ValueError
    return weights


_PARSERS = {
    "number": _number,
    "integer": _integer,
    "choice": _choice,
    "text list": _text_list,
    "number list": _number_list,
    "layers": _layers,
}


def param(kind: str, default: Any, help: str, **spec: Any) -> Any:
    spec = {"kind": kind, "help": help, **spec}
    if isinstance(default, dict):
        return field(default_factory=lambda: dict(default), metadata=spec)
    return field(default=default, metadata=spec)


Kind = TypeVar("Kind", bound="ParameterSet")


class ParameterSet:
    """A frozen dataclass whose fields are made with :func:`param`. The constructor trusts its caller; :meth:`parse` checks."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]

    @classmethod
    def parameters(cls) -> tuple[Parameter, ...]:
        """Every parameter with its kind, default, range and help, in display order."""
        defaults = cls()
        return tuple(Parameter(name=f.name, default=getattr(defaults, f.name), **f.metadata) for f in dataclasses.fields(cls))

    @classmethod
    def converted(cls: type[Kind], values: Mapping[str, Any]) -> Kind:
        """``values`` (strings from a form or command line, or JSON), each checked by itself.

        Raises :class:`UnknownParameter` (naming the nearest one) or :class:`InvalidParameter`.
        """
        known = {p.name: p for p in cls.parameters()}
        for name in values:
            if name not in known:
                raise UnknownParameter(
                    f"There is no parameter {quoted(name)}.",
                    field=harmless(name),
                    hint=did_you_mean(str(name), known) or "GET /v1/parameters lists them all.",
                )
        return cls(**{name: known[name].parse(value) for name, value in values.items()})

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types, from which the same order can be parsed."""
        return {f.name: list(v) if isinstance(v := getattr(self, f.name), tuple) else v for f in dataclasses.fields(self)}
