"""The library of style pictures: those that ship with Impasto and the user's own.

An own style is two files in the styles folder, ``ID.json`` (the record, written last, removed first) and ``ID.png`` or
``ID.jpg``; networks that have learnt styles lie beside them (:mod:`impasto.models.fast_library`). An id is looked up among the
records found there; it is never joined to a path unseen.
"""

from __future__ import annotations

import dataclasses
import functools
import json
import re
import unicodedata
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import filelock
import yaml

from ..disk import disk_errors, is_own_file, private_folder, remove_torn, written_whole
from ..errors import Conflict, InvalidParameter, UnknownStyle, did_you_mean, quoted
from ..parameters import STYLE_ID
from ..paths import Paths, shipped
from ..settings import Settings
from .fast_library import FastLibrary

if TYPE_CHECKING:
    import numpy as np

    from .fast import FastHeader

THUMBNAIL_SIDE = 256
MAX_NAME = 100
"""Characters of a name that somebody gives; :data:`MAX_TITLE` has room for a number behind it."""

MAX_TITLE = 120
OWN_LICENCE = "your own"
_EXTENSIONS = {"png": "png", "jpeg": "jpg"}
_RESERVED = re.compile(r"con|prn|aux|nul|train|com[0-9]|lpt[0-9]")
"""Names that Windows keeps for devices, whatever the extension."""

_TEXTS = ("title", "painter", "year", "licence")


@dataclass(frozen=True)
class Style:
    """One style. ``kind``: "picture". ``own``: added by the user. ``width``, ``height``: px. ``size``: bytes of the picture.

    ``fast``: a network has learnt it, so the fast method can paint it.
    """

    id: str
    title: str
    painter: str
    year: str
    licence: str
    own: bool
    width: int
    height: int
    size: int
    kind: str = "picture"
    fast: bool = False

    def to_dict(self) -> dict[str, Any]:
        """Plain JSON types."""
        return asdict(self)


class StyleLibrary:
    """All styles of this machine. Safe to use from several threads and processes."""

    def __init__(self, paths: Paths, settings: Settings) -> None:
        self._own, self._shipped = paths.styles, shipped("paintings")
        self._settings = settings
        self.fast = FastLibrary(paths, settings)

    def styles(self) -> list[Style]:
        """The shipped ones in their order, then the user's own by title."""
        return [style for style, _ in self._entries()]

    def get(self, id: str) -> Style:
        """The style called ``id``. Raises :class:`UnknownStyle` with the nearest name."""
        return self._find(id)[0]

    def picture(self, id: str) -> bytes:
        """The picture as it is stored (PNG or JPEG). Raises :class:`UnknownStyle`."""
        style, file = self._find(id)
        try:
            return file.read_bytes()
        except OSError:
            raise UnknownStyle(f"The picture of the style '{style.id}' cannot be read.") from None

    def thumbnail(self, id: str) -> bytes:
        """A PNG with at most 256 px on the long side. Raises :class:`UnknownStyle`."""
        from ..images import thumbnail

        return thumbnail(self.picture(id), THUMBNAIL_SIDE)

    def add(self, name: str, data: bytes) -> Style:
        """Keep the picture ``data`` under an id made of ``name``; its metadata (camera, place, profile) is dropped.

        Raises :class:`BadPicture` and its kin as :func:`impasto.images.decode` does, or :class:`DiskFull`.
        """
        with self._changing():
            id = self._keep({"title": name, "licence": OWN_LICENCE}, self._stripped(data))
        return self.get(id)

    def learn(self, header: FastHeader, arrays: Mapping[str, np.ndarray], pictures: Mapping[str, bytes]) -> list[Style]:
        """Keep a network that has learnt styles; where it has their rows only, its base must be here already.

        Those of its styles that have a picture in ``pictures`` become new ones of the user's own, under ids made of their titles.
        The others must be her own already: from now on the network paints them. Whether the tensors fit is for the caller to know.
        Raises as :meth:`add` does, and :class:`UnknownStyle` or :class:`Conflict` for a style that is not her own.
        """
        from . import fast

        stripped = {id: self._stripped(data) for id, data in pictures.items()}
        with self._changing():
            own = {style.id: style.own for style in self.styles()}
            for style in header.styles:
                if style.id not in stripped and not own.get(style.id):
                    kind = Conflict if style.id in own else UnknownStyle
                    raise kind(f"There is no picture of the style '{style.id}', and none of your own has this id.")
            renamed, taken = {}, set(own)
            for style in header.styles:
                renamed[style.id] = _free(_slug(style.title), taken) if style.id in stripped else style.id
                taken.add(renamed[style.id])
            kept = tuple(dataclasses.replace(style, id=renamed[style.id]) for style in header.styles)
            quality = {renamed.get(id, id): found for id, found in header.quality.items()}
            name = _free(kept[0].id, {file.stem for file in self._own.glob("*.safetensors")})
            file = self._own / f"{name}.safetensors"
            fast.write(file, arrays, dataclasses.replace(header, styles=kept, pictures={}, quality=quality))
            for style in header.styles:
                if style.id in stripped:
                    self._keep(dataclasses.asdict(style), stripped[style.id], renamed[style.id])
                else:
                    self.fast.forget(style.id, but_in=file)
        return [self.get(style.id) for style in kept]

    def remove(self, id: str) -> None:
        """Remove one of the user's own styles, and from the networks that have learnt it.

        Raises :class:`UnknownStyle`, or :class:`Conflict` for a shipped one.
        """
        with self._changing():
            style, file = self._find(id)
            if not style.own:
                raise Conflict(f"'{style.id}' ships with Impasto and cannot be removed.")
            file.with_suffix(".json").unlink(missing_ok=True)
            file.unlink(missing_ok=True)
            self.fast.forget(id)

    def rename(self, id: str, name: str) -> Style:
        """Give one of the user's own styles another title; the id stays, so whatever names it goes on.

        Only the record has the title that is shown; that in the file of a network is the one it was learnt under.
        Raises :class:`InvalidParameter` as :func:`check_name` does, :class:`UnknownStyle`, or :class:`Conflict` for a shipped one.
        """
        title = _cleaned(check_name(name))
        with self._changing():
            style, file = self._find(id)
            if not style.own:
                raise Conflict(f"'{style.id}' ships with Impasto and cannot be renamed.")
            record_file = file.with_suffix(".json")
            record = json.loads(record_file.read_text(encoding="utf-8")) | {"title": title}
            _write_record(record_file, record)
        return self.get(id)

    # -- inside ------------------------------------------------------------------------------------------------------

    def _find(self, id: str) -> tuple[Style, Path]:
        entries = {style.id: (style, file) for style, file in self._entries()}
        if not isinstance(id, str) or not STYLE_ID.fullmatch(id) or id not in entries:
            hint = did_you_mean(str(id)[:64], entries) or "impasto styles list shows them all."
            raise UnknownStyle(f"There is no style {quoted(id)}.", hint=hint)
        return entries[id]

    def _entries(self) -> Iterator[tuple[Style, Path]]:
        taken, learnt = set(), self.fast.ids()
        records = _records(self._shipped / "styles.yaml")
        for id, record in records.items():
            file = self._shipped / f"{id}.jpg"
            taken.add(id)
            width, height = record["size"]
            texts: dict[str, Any] = {name: record[name] for name in _TEXTS}
            yield Style(id=id, own=False, width=width, height=height, size=file.stat().st_size, fast=id in learnt, **texts), file
        own = [entry for entry in map(self._own_entry, self._own.glob("*.json")) if entry and entry[0].id not in taken]
        for style, file in sorted(own, key=lambda entry: (entry[0].title.casefold(), entry[0].id)):
            yield dataclasses.replace(style, fast=style.id in learnt), file

    def _own_entry(self, record_file: Path) -> tuple[Style, Path] | None:
        """A style and its picture, or None where either is not what :meth:`add` writes (a half-done add, a link out)."""
        id = record_file.stem
        try:
            record = json.loads(record_file.read_text(encoding="utf-8"))
            file = self._own / f"{id}.{_EXTENSIONS[record['form']]}"
            own = is_own_file(record_file) and is_own_file(file)
            if not own or not STYLE_ID.fullmatch(id) or record["id"] != id:
                return None
            texts: dict[str, Any] = {name: _cleaned(str(record[name])) for name in _TEXTS}
            width, height = int(record["width"]), int(record["height"])
            return Style(id=id, own=True, width=width, height=height, size=file.stat().st_size, **texts), file
        except (OSError, ValueError, KeyError, TypeError, OverflowError, RecursionError):
            return None

    def _keep(self, texts: Mapping[str, str], picture: tuple[bytes, str, int, int], id: str = "") -> str:
        """Write a record and its picture, under ``id`` or a free one made of the title; the id. Only while the folder is locked."""
        content, form, width, height = picture
        record: dict[str, Any] = {name: _cleaned(texts.get(name, "")) for name in _TEXTS}
        record["title"] = record["title"] or "Style"
        id = id or _free(_slug(record["title"]), {style.id for style in self.styles()})
        with written_whole(self._own / f"{id}.{_EXTENSIONS[form]}") as temporary:
            temporary.write_bytes(content)
        _write_record(self._own / f"{id}.json", {"id": id, **record, "form": form, "width": width, "height": height})
        return id

    def _stripped(self, data: bytes) -> tuple[bytes, str, int, int]:
        """The picture written anew as 8-bit sRGB: bytes, format, width, height."""
        import numpy as np

        from ..images import Limits, decode, encode, stripped, to_png8

        picture = decode(data, Limits.of_styles(self._settings))
        if picture.lossless or picture.alpha is not None:
            return to_png8(picture.rgb, picture.alpha), "png", picture.width, picture.height
        plain = dataclasses.replace(stripped(picture), icc=None, dtype=np.dtype(np.uint8))
        return encode(plain, "jpeg"), "jpeg", picture.width, picture.height

    @contextmanager
    def _changing(self) -> Iterator[None]:
        with disk_errors():
            private_folder(self._own)
            try:
                with filelock.FileLock(self._own / ".lock", timeout=30):
                    remove_torn(self._own)
                    yield
            except filelock.Timeout:
                raise Conflict("Another program is changing the styles.", hint="Try again in a moment.") from None


def check_name(name: str, field: str = "name") -> str:
    """``name`` without the space around it. Raises :class:`InvalidParameter`, naming ``field``, where it can be no style's."""
    if not isinstance(name, str) or not 1 <= len(name.strip()) <= MAX_NAME:
        raise InvalidParameter(f"A style's name has 1 to {MAX_NAME} characters.", field=field)
    if not name.strip().isprintable():
        raise InvalidParameter("A style's name is one line of letters, digits and signs.", field=field)
    return name.strip()


def _write_record(file: Path, record: Mapping[str, Any]) -> None:
    with written_whole(file) as temporary:
        temporary.write_text(json.dumps(record, ensure_ascii=False, indent=1), encoding="utf-8")


@functools.cache
def _records(file: Path) -> dict[str, dict[str, Any]]:
    # Read once: a tenth of the time of a fast painting would else go into it.
    return yaml.safe_load(file.read_text(encoding="utf-8"))["styles"]


def _cleaned(name: str) -> str:
    """A title for people: no control characters, no more than :data:`MAX_TITLE` characters."""
    printable = "".join(c if c.isprintable() else " " for c in unicodedata.normalize("NFC", name))
    return " ".join(printable.split())[:MAX_TITLE].strip()


def _slug(title: str) -> str:
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    slug = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:48].strip("-")
    return f"style-{slug}".strip("-") if not slug or _RESERVED.fullmatch(slug) else slug


def _free(slug: str, taken: set[str]) -> str:
    number, id = 1, slug
    while id in taken:
        number += 1
        id = f"{slug}-{number}"
    return id
