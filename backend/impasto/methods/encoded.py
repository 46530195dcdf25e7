"""One stylization from files' bytes to a file's bytes, for jobs and for the command line."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import images
from ..formats import FORMATS, answered_in
from ..images import Picture
from ..observer import Observer
from ..stylization import Stylization
from .recipes import recipe_of
from .stylizer import LARGE_PIXELS, Stylizer

if TYPE_CHECKING:
    from ..engine.engine import Engine

QUALITY = 95
"""Of JPEG and WebP, where nothing is asked for."""


@dataclass(frozen=True)
class EncodedResult:
    """A painted picture as a file. ``facts``: format, media_type, width, height, bytes, method ("fast" or "iterative": what auto
    has become), painted_width, painted_height, painted_s (seconds of painting alone), steps, finished_early."""

    data: bytes
    extension: str
    facts: dict[str, Any]


def stylize_encoded(
    engine: Engine,
    stylization: Stylization,
    read_content: Callable[[], bytes],
    read_style: Callable[[int], bytes | None],
    output: Mapping[str, Any],
    observer: Observer,
    checkpoints: Path | None = None,
) -> EncodedResult:
    """Paint; see :class:`.Stylizer`, whose arguments these are but for bytes instead of pictures.

    ``output``: ``format`` (default: the content's, or PNG), ``quality``, and ``strip``: without metadata (default: as the settings
    say). Raises besides what decoding and encoding raise.
    """
    limits = images.Limits.of(engine.settings)

    def content() -> Picture:
        data = read_content()
        info = images.probe(data, limits)
        if info.width * info.height >= LARGE_PIXELS:
            engine.release()
        return images.decode(data, limits)

    def style(position: int) -> Picture | None:
        data = read_style(position)
        return None if data is None else images.decode(data, limits)

    done = Stylizer(engine, stylization, content, style, observer, checkpoints).run()
    height, width = done.size
    painted: dict[str, Any] = {"method": done.method, "painted_width": width, "painted_height": height, "painted_s": done.seconds}
    painted |= {"steps": done.steps, "finished_early": done.finished_early}
    observer.phase("saving")
    picture = done.picture
    del done  # at 100 megapixels the picture has 1.2 GB, which the file need not find beside it
    name = output.get("format") or answered_in(picture.format)
    form = FORMATS[name]
    for loss in images.losses(picture, name):
        observer.note(loss)
    facts: dict[str, Any] = {"format": name, "media_type": form.media_type, "width": picture.width, "height": picture.height}
    if output.get("strip", engine.settings.strip_metadata):
        picture = images.stripped(picture)
    elif form.is_image:  # editors' .npy has no place for it
        picture = replace(picture, recipe=recipe_of(engine, stylization, read_style, {**facts, **painted}).to_json())
    samples = images.outgoing(picture, name, int(output.get("quality") or QUALITY))
    del picture
    data = images.write(samples, name)
    return EncodedResult(data, form.extension, {**facts, "bytes": len(data), **painted})
