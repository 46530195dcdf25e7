"""``impasto stylize``: a picture, one or more styles, a picture."""

from __future__ import annotations

import functools
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import InvalidParameter
from ..paths import Paths
from ..settings import Settings
from .options import SectionedCommand, SectionedOption, with_settings, with_stylization
from .progress import ProgressLine
from .progress_watcher import ProgressWatcher

if TYPE_CHECKING:
    from ..api.runtime import Daemon

_result = functools.partial(click.option, cls=SectionedOption, section="The result")

LOCAL_SETTINGS = ("device", "precision", "cpu_threads", "data_dir", "weights_dir", "offline")


@click.command(cls=SectionedCommand)
@click.argument("content")
@click.argument("styles", nargs=-1, metavar="STYLE...")
@_result("-o", "--output", "out", required=True, metavar="OUT", help="Where the result goes: a file, or - for standard output.")
@_result(
    "--format",
    "format",
    default="",
    metavar="FORMAT",
    help="png, jpeg, webp, tiff or npy. [default: by OUT's extension; png for -]",
)
@_result("--overwrite", "--force", is_flag=True, help="Replace OUT if it exists.")
@_result("--finish-after", type=float, metavar="SECONDS", help="Stop painting after so long, and keep what there is.")
@_result(
    "--preview-to",
    type=click.Path(path_type=Path, dir_okay=False),
    metavar="FILE",
    help="Write each preview to this file, a PNG, replacing the one before.",
)
@with_stylization
@click.option(
    "--daemon/--no-daemon",
    default=None,
    help="Paint through the running daemon, or in this process. [default: a daemon if one runs]",
)
@click.option("-q", "--quiet", is_flag=True, help="No progress.")
@with_settings(*LOCAL_SETTINGS)
def stylize(
    settings: Settings,
    content: str,
    styles: tuple[str, ...],
    out: str,
    parameters: dict[str, str],
    format: str,
    overwrite: bool,
    finish_after: float | None,
    preview_to: Path | None,
    daemon: bool | None,
    quiet: bool,
) -> None:
    """Paint a picture in the style of others.

    \b
    impasto stylize photo.jpg starry-night -o painted.png
    impasto stylize photo.jpg painting.jpg great-wave --style-weights 2,1 -o painted.tif

    CONTENT is a picture's file (PNG, JPEG, WebP, TIFF, GIF, BMP, .npy), or - for standard input. A STYLE is a picture's
    file or one of the ids that `impasto styles list` shows. OUT has CONTENT's size, transparency, depth and profile.

    Ctrl-C once stops and keeps what there is; twice discards it.
    """
    from . import local, output, remote, stylize_request
    from .client import Client

    if finish_after is not None and not finish_after > 0:
        raise InvalidParameter("--finish-after must be above 0.", field="finish_after")
    sources = [Path(name) for name in (content, *styles)]
    target = output.resolve(out, format, overwrite=overwrite, sources=sources)
    if preview_to:
        output.check_place(preview_to, overwrite=True, sources=[*sources, *([target.path] if target.path else [])])
    asked = stylize_request.read(content, styles, parameters, target.format, settings)
    watcher = ProgressWatcher(ProgressLine(quiet=quiet), finish_after, preview_to)
    if len(styles) > 1 and any(
        isinstance(style, bytes) for style in asked.styles
    ):  # as where a pattern (*.png) named more than one
        watcher.line.say(f"{content} is painted in a mix of {', '.join(styles)}.")
    found = _daemon(Paths.of(settings), daemon)
    if found:
        with Client(found) as client:
            picture = remote.paint(client, asked, watcher)
    else:
        picture = local.paint(settings, asked, watcher)
    target.write(picture)
    if target.path:
        watcher.line.say(f"Wrote {target.path}.")


def _daemon(paths: Paths, wanted: bool | None) -> Daemon | None:
    """The daemon to use. Raises :class:`DaemonNotRunning` where one is demanded and none runs."""
    if wanted is False:
        return None
    from ..api.runtime import find_daemon
    from .daemon import running

    return running(paths) if wanted else find_daemon(paths)
