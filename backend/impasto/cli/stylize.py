"""``impasto stylize``: a picture, one or more styles, a picture."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

import click

from ..errors import ImpastoError, InvalidParameter
from ..parameters import BASIC
from ..paths import Paths
from ..settings import Settings
from .options import HEADINGS, SectionedCommand, SectionedOption, with_settings, with_stylization
from .progress import ProgressLine
from .progress_watcher import ProgressWatcher

if TYPE_CHECKING:
    from ..api.runtime import Daemon
    from ..recipe import Recipe
    from .client import Client

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
@_result(
    "--strip/--no-strip",
    default=None,
    help="Leave all metadata out: EXIF (place and camera), XMP, resolution and recipe. The colour profile stays, without which the "
    "colours would be others. [default: as the setting strip_metadata says]",
)
@with_stylization
@click.option(
    "--recipe",
    "recipe_file",
    type=click.Path(path_type=Path, dir_okay=False),
    cls=SectionedOption,
    section=HEADINGS[BASIC],
    metavar="FILE",
    help="Paint as a picture was painted that Impasto has made, or as a JSON file says (`impasto show FILE --json`). Options and "
    "styles that are given beside it win.",
)
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
    strip: bool | None,
    recipe_file: Path | None,
    daemon: bool | None,
    quiet: bool,
) -> None:
    """Paint a picture in the style of others.

    \b
    impasto stylize photo.jpg starry-night -o painted.png
    impasto stylize photo.jpg painting.jpg great-wave --style-weights 2,1 -o painted.tif
    impasto stylize another.jpg --recipe painted.png -o as-before.png

    CONTENT is a picture's file (PNG, JPEG, WebP, TIFF, AVIF, HEIC, JPEG XL, GIF, BMP, .npy), or - for standard input.
    A STYLE is a picture's file or one of the ids that `impasto styles list` shows. OUT has CONTENT's size, transparency,
    depth, profile and metadata, and the recipe by which it was painted.

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
    found = _daemon(Paths.of(settings), daemon)
    watcher = ProgressWatcher(ProgressLine(quiet=quiet), finish_after, preview_to)
    with Client(found) if found else contextlib.nullcontext() as client:
        recipe = stylize_request.read_recipe(recipe_file, settings) if recipe_file else None
        given: Sequence[str | bytes] = styles
        if recipe:
            parameters = _with_recipe(recipe, styles) | parameters
            given = styles or _styles_of(recipe, client, settings, watcher.line)
        asked = stylize_request.read(content, given, parameters, target.format, settings, strip)
        if len(styles) > 1 and any(isinstance(style, bytes) for style in asked.styles):  # as where a pattern (*.png) named them
            watcher.line.say(f"{content} is painted in a mix of {', '.join(styles)}.")
        picture = remote.paint(client, asked, watcher) if client else local.paint(settings, asked, watcher)
    target.write(picture)
    if target.path:
        watcher.line.say(f"Wrote {target.path}.")
    if recipe and not styles and _by_another_network(recipe, picture):
        watcher.line.say(
            "note: The network of the fast styles is not the one that the recipe names, so the result differs a little."
        )


def _by_another_network(recipe: Recipe, picture: bytes) -> bool:
    from ..models import recipes

    try:
        network = recipes.read(picture).network
    except ImpastoError:  # stripped, or in a format that says nothing of it
        return False
    return bool(network and recipe.network and network != recipe.network)


def _with_recipe(recipe: Recipe, styles: Sequence[str]) -> dict[str, str]:
    """The recipe's parameters; its weights only where they fit the styles that are named beside it."""
    values = recipe.fields()
    if styles and len(styles) != len(recipe.styles):
        values.pop("style_weights", None)
    return values


def _styles_of(recipe: Recipe, client: Client | None, settings: Settings, line: ProgressLine) -> list[str | bytes]:
    """The recipe's styles, looked up where it will be painted."""
    from ..models import StyleLibrary, recipes
    from . import remote

    library = remote.Styles(client) if client else StyleLibrary(Paths.of(settings), settings)
    found, notes = recipes.find_styles(recipe, library)
    for note in notes:
        line.say(f"note: {note}")
    return found


def _daemon(paths: Paths, wanted: bool | None) -> Daemon | None:
    """The daemon to use. Raises :class:`DaemonNotRunning` where one is demanded and none runs."""
    if wanted is False:
        return None
    from ..api.runtime import find_daemon
    from .daemon import running

    return running(paths) if wanted else find_daemon(paths)
