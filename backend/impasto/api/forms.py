"""The one form that asks for a stylization, read and checked in full before anything is accepted."""

from __future__ import annotations

import json
from collections.abc import Container, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from flask import Request, request

from ..errors import (
    InvalidParameter,
    MalformedRequest,
    RequestTooLarge,
    UnknownParameter,
    UnknownStyle,
    UnsupportedMediaType,
    harmless,
    quoted,
)
from ..methods.choice import choose
from ..models.styles import check_name
from ..parameters import STYLE_ID, UPLOAD
from ..stylization import MAX_STYLES, Stylization
from ..task import CONTENT, painting_file, style_file
from ..training import MAX_PAINTINGS, Training
from . import pictures
from .query import PLAIN_NUMBER, parsed_truth
from .services import services

if TYPE_CHECKING:
    from ..jobs import Submission

MIN_LEASE_S, MAX_LEASE_S = 1.0, 3600.0

MAX_KEY_LENGTH = 200

MAX_JSON_BYTES = 64 * 1024
"""Of a body that is taken as JSON instead of a form."""

OWN_PICTURE = "a picture of your own"
"""What a style is called that came along as a picture."""

RESULT_FIELDS = ("format", "strip")
"""Fields of the form that are about the result's file and no parameters of the painting."""

LISTS = ("text list", "number list", "layers")
"""Kinds of parameter whose field may be repeated."""


def read_multipart() -> None:
    """Refuse a body that is no form with files; everything after this may use ``request.form`` and ``request.files``."""
    if request.mimetype != "multipart/form-data":
        wrong = UnsupportedMediaType if request.mimetype else MalformedRequest
        raise wrong(
            "The body must be a form with files (multipart/form-data).",
            hint="With curl: -F content=@photo.jpg -F style=@painting.jpg",
        )
    encoding = request.headers.get("Content-Encoding", "identity")
    if encoding.strip().lower() != "identity":
        raise UnsupportedMediaType(
            f"A form is taken as it is, not as {quoted(encoding, 20)}.", hint="Send it without Content-Encoding."
        )
    if "boundary" not in request.mimetype_params:
        raise MalformedRequest("The form's Content-Type names no boundary.")


def no_body() -> None:
    """Routes that take nothing: refuse what a form on a web page could send (415)."""
    if request.mimetype == "application/json" or not (request.mimetype or request.content_length):
        return
    raise UnsupportedMediaType("This address takes no body, or a JSON one.", hint="With curl: -X POST, without -d and -F.")


def read_stylization(*, answers_picture: bool) -> Submission:
    """The stylization that the present request asks for, every value and picture checked."""
    from ..jobs import Submission

    read_multipart()
    settings = services().settings
    content = read_content(request)
    uploads = read_style_pictures(request)
    stylization = Stylization.parse(read_values(request, len(uploads)))
    choose(stylization, services().styles.fast)
    chosen = style_pictures(stylization, uploads)
    key = idempotency_key(request)
    picture = pictures.check(content, settings, "content")
    for data in uploads:
        pictures.check(data, settings, "style")
    result: dict[str, Any] = {
        "format": pictures.wanted_format(request.form.get("format", ""), request, picture, strict=answers_picture)
    }
    if (without := strip(request)) is not None:
        result["strip"] = without
    inputs = {CONTENT: content, **{style_file(i): data for i, data in enumerate(chosen)}}
    return Submission("stylize", stylization.to_dict(), inputs, result, title_of(stylization), idempotency_key=key)


def title_of(stylization: Stylization) -> str:
    """The names of its styles, for people."""
    library = services().styles
    return ", ".join(OWN_PICTURE if UPLOAD.fullmatch(name) else library.get(name).title for name in stylization.style)


def strip(request: Request) -> bool | None:
    """The form's field ``strip``: whether the result goes without metadata; None where nothing is said."""
    text = request.form.get("strip")
    return None if text is None else parsed_truth("strip", text)


def read_content(request: Request) -> bytes:
    """The picture to paint."""
    files = request.files.getlist("content")
    if not files:
        hint = "Mind the @, which sends the file: " if "content" in request.form else "With curl: "
        raise MalformedRequest(
            "There is no picture to paint: the form has no file named content.",
            field="content",
            hint=hint + "-F content=@photo.jpg",
        )
    if len(files) > 1 or "content" in request.form:
        raise MalformedRequest("A form has one content.", field="content")
    return files[0].read()


def read_style_pictures(request: Request) -> list[bytes]:
    """The style pictures that came along, in their order; an empty file input of a web form does not count."""
    parts = [(file.filename, file.read()) for file in request.files.getlist("style")]
    return [data for name, data in parts if data or name]


def read_values(request: Request, uploads: int) -> dict[str, Any]:
    """The form's fields as `Stylization.parse` takes them; pictures are appended to the style ids as upload:0, upload:1..."""
    known = {p.name: p for p in Stylization.parameters()}
    for name in request.files:
        if name not in ("content", "style"):
            wrong = InvalidParameter if name in known else UnknownParameter
            raise wrong(f"{quoted(name)} does not take a file.", field=harmless(name), hint="Files are content and style.")
    values: dict[str, Any] = {}
    for name, given in request.form.lists():
        if len(given) > 1 and not (name in known and known[name].kind in LISTS):
            if name in known or name in RESULT_FIELDS:
                raise InvalidParameter(f"{name} was given {len(given)} times.", field=name)
            given = given[:1]
        if name in RESULT_FIELDS:
            continue
        values[name] = given if len(given) > 1 else given[0]
    ids = known["style"].parse(values.pop("style", ()))
    if any(UPLOAD.fullmatch(name) for name in ids):
        raise InvalidParameter("Pictures are sent as files, style=@painting.jpg, not named as upload:0.", field="style")
    if len(ids) + uploads > MAX_STYLES:
        raise InvalidParameter(f"There are {len(ids) + uploads} styles, but at most {MAX_STYLES} can be mixed.", field="style")
    return {"style": [*ids, *(f"upload:{i}" for i in range(uploads))], **values}


def style_pictures(stylization: Stylization, uploads: list[bytes]) -> list[bytes]:
    """The picture of each style. Read now, so that a style which is removed while the job waits does no harm."""
    found = []
    for name in stylization.style:
        found.append(uploads[int(name.partition(":")[2])] if UPLOAD.fullmatch(name) else services().styles.picture(style_id(name)))
    return found


def style_id(text: str) -> str:
    """``text`` where it can be a style's id; raises :class:`UnknownStyle` before anything is looked up otherwise."""
    if not STYLE_ID.fullmatch(text):
        raise UnknownStyle(f"There is no style {quoted(text)}.", field="style", hint="GET /v1/styles lists them.")
    return text


def idempotency_key(request: Request) -> str:
    """The header Idempotency-Key: visible ASCII, at most 200 characters, or empty."""
    key = request.headers.get("Idempotency-Key", "")
    if len(key) > MAX_KEY_LENGTH or not all("!" <= letter <= "~" for letter in key):
        raise MalformedRequest(f"An Idempotency-Key is up to {MAX_KEY_LENGTH} visible ASCII characters.", field="Idempotency-Key")
    return key


def lease(request: Request) -> float:
    """The header Impasto-Lease in seconds, or 0 where there is none."""
    text = request.headers.get("Impasto-Lease", "")
    if not text:
        return 0.0
    seconds = float(text) if PLAIN_NUMBER.fullmatch(text) else 0.0
    if not MIN_LEASE_S <= seconds <= MAX_LEASE_S:
        raise InvalidParameter(
            f"Impasto-Lease is {quoted(text)}, but must be {MIN_LEASE_S:g} to {MAX_LEASE_S:g} seconds.",
            field="Impasto-Lease",
        )
    return seconds


def read_kept_name() -> str:
    """The form that keeps a refined style: ``name`` alone."""
    read_multipart()
    _name_alone([*request.form, *request.files], request.files)
    return check_name(request.form.get("name", ""))


def read_new_title() -> str:
    """What a style is to be called: ``name`` alone, in a form or in a JSON object."""
    if request.mimetype != "application/json":
        return read_kept_name()
    if (request.content_length or 0) > MAX_JSON_BYTES:
        raise RequestTooLarge(f"This address takes no JSON of more than {MAX_JSON_BYTES // 1024} kB.")
    try:
        fields = json.loads(request.get_data())
    except (ValueError, RecursionError):
        fields = None
    if not isinstance(fields, dict):
        raise MalformedRequest("The body is no JSON object.", hint='Send {"name": "My painting"}.')
    _name_alone(fields)
    return check_name(fields.get("name", ""))


def _name_alone(fields: Iterable[str], files: Container[str] = ()) -> None:
    unknown = [field for field in fields if field != "name" or field in files]
    if unknown:
        raise UnknownParameter(f"There is no parameter {quoted(unknown[0])}.", field=harmless(unknown[0]), hint="There is name.")


@dataclass(frozen=True)
class NewStyle:
    """A style picture to keep, and its name."""

    name: str
    data: bytes


def read_training() -> Submission:
    """The training that the present request asks for: ``picture`` once or more, as many a ``name``, and the order's parameters."""
    from ..jobs import Submission

    read_multipart()
    settings = services().settings
    paintings = [file.read() for file in request.files.getlist("picture")]
    names = [check_name(name) for name in request.form.getlist("name")]
    if not paintings or set(request.files) - {"picture"}:
        raise MalformedRequest(
            "The form needs files named picture, the paintings to learn.",
            field="picture",
            hint="With curl: -F picture=@painting.jpg -F name='My painting'",
        )
    if len(paintings) > MAX_PAINTINGS:
        raise InvalidParameter(f"At most {MAX_PAINTINGS} pictures are learnt at once, not {len(paintings)}.", field="picture")
    if len(names) != len(paintings):
        raise InvalidParameter(f"There are {len(paintings)} pictures but {len(names)} names.", field="name")
    training = Training.parse({name: value for name, value in request.form.items() if name != "name"})
    for data in paintings:
        pictures.check(data, settings, "picture")
    return Submission(
        kind="train",
        parameters={"name": names, **training.to_dict()},
        title=", ".join(names),
        idempotency_key=idempotency_key(request),
        inputs={painting_file(number): data for number, data in enumerate(paintings)},
    )


def read_style() -> NewStyle:
    """The form that adds a style to the library: ``name`` and ``picture``. The library checks the picture."""
    read_multipart()
    files = request.files.getlist("picture")
    unknown = [field for field in [*request.form, *request.files] if field not in ("name", "picture")]
    if unknown:
        raise UnknownParameter(
            f"There is no parameter {quoted(unknown[0])}.", field=harmless(unknown[0]), hint="A style has a name and a picture."
        )
    if len(files) != 1:
        raise MalformedRequest(
            "The form needs one file named picture.",
            field="picture",
            hint="With curl: -F picture=@painting.jpg -F name='My painting'",
        )
    return NewStyle(check_name(request.form.get("name", "")), files[0].read())
