"""Pictures at the HTTP edge: checked before a job is accepted, and in the format that the client asked for.

`images` is imported with the first picture, not with the daemon: it brings numpy and the codecs, and /health should not
wait for them.
"""

from __future__ import annotations

import contextlib
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING

from flask import Request, Response, send_file

from ..errors import Gone, ImpastoError, InvalidParameter, NotAcceptable, quoted
from ..formats import FORMATS, WRITTEN, answered_in, named
from ..settings import Settings
from .uploads import one_at_a_time

if TYPE_CHECKING:
    from ..images import Limits, PictureInfo


@contextlib.contextmanager
def decoding(field: str) -> Iterator[None]:
    """Wait for one's turn to decode; errors from within name the form field ``field``."""
    try:
        with one_at_a_time:
            yield
    except ImpastoError as error:
        error.field = error.field or field
        raise


def limits(settings: Settings) -> Limits:
    """The settings' bounds on a picture, and the memory that there is to decode it in just now."""
    from .. import images
    from ..machine import main_memory

    used, total = main_memory()
    return dataclasses.replace(images.Limits.of(settings), room=total - used)


def check(data: bytes, settings: Settings, field: str) -> PictureInfo:
    """Look at all of ``data``, so that damage shows before a job is accepted."""
    from .. import images

    with decoding(field):
        return images.verify(data, limits(settings))


@contextlib.contextmanager
def present() -> Iterator[None]:
    """A file that vanishes while it is about to be sent (its job expired or was removed) is gone, not a failure."""
    try:
        yield
    except FileNotFoundError:
        raise Gone("The picture was removed just now.") from None


def thumbnail(data: bytes, settings: Settings) -> bytes:
    """A PNG of the picture, at most 256 px a side."""
    from .. import images

    with one_at_a_time:
        return images.thumbnail(data, limits=limits(settings))


def media_type(data: bytes) -> str:
    """The media type of a picture's bytes."""
    from .. import images

    return FORMATS[images.recognise(data)].media_type


def wanted_format(name: str, request: Request, content: PictureInfo, *, strict: bool) -> str:
    """The format of a job's result: the form field ``format``, else what ``Accept`` names, else one that loses nothing.

    ``strict``: the answer to this request is the picture itself, so an Accept that fits no format is an error.
    """
    from .. import images

    if name:
        wanted = named(name)
        if wanted is None:
            raise InvalidParameter(f"format is {quoted(name)}, but must be one of {', '.join(WRITTEN)}.", field="format")
    else:
        wanted = answered_in(content.format) if FORMATS[content.format].lossless else "png"
        with contextlib.nullcontext() if strict else contextlib.suppress(NotAcceptable):
            wanted = images.negotiate(request.headers.get("Accept"), wanted)
    images.check_fits(wanted, content.width, content.height)
    return wanted


def send_result(path: Path, stored: str, request: Request, settings: Settings, name: str, *, strip: bool = False) -> Response:
    """A result as it was stored (``stored``: its media type), or encoded anew where ``Accept`` prefers another format.

    ``strip``: without metadata.
    """
    from .. import images

    present = next(n for n, form in WRITTEN.items() if form.media_type == stored)
    wanted = images.negotiate(request.headers.get("Accept"), present)
    form = FORMATS[wanted]
    if wanted == present and not strip:
        response = send_file(path, mimetype=form.media_type, download_name=name + form.extension, conditional=False, etag=False)
    else:
        response = Response(_converted(path.read_bytes(), present, wanted, settings, strip), mimetype=form.media_type)
        response.headers.set("Content-Disposition", "inline", filename=name + form.extension)
    response.vary.add("Accept")
    return response


def _converted(data: bytes, present: str, wanted: str, settings: Settings, strip: bool) -> bytes:
    from .. import images

    with one_at_a_time:
        if wanted == present:
            return images.without_metadata(data, limits(settings))
        picture = images.decode(data, limits(settings))
        picture = images.stripped(picture) if strip else picture
        images.check_fits(wanted, picture.width, picture.height)
        return images.encode(picture, wanted)
