"""``impasto styles``: the styles, shipped and your own; their pictures, and the networks that have learnt them."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..errors import DiskFull
from ..models import Style, StyleLibrary
from ..models.fast import FastHeader
from ..paths import Paths
from .configuration import settings_of
from .demo import example

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
_readable_file = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group()
def styles() -> None:
    """The styles: those that ship with Impasto, and your own."""


@styles.command("list")
@_json
@click.pass_context
def list_styles(context: click.Context, as_json: bool) -> None:
    """Every style by its id, which `impasto stylize --style` takes."""
    found = _library(context).styles()
    if as_json:
        click.echo(json.dumps([style.to_dict() for style in found], indent=2))
        return
    width = max((len(style.id) for style in found), default=0)
    for style in found:
        click.echo(f"{style.id:<{width}}  {'fast' if style.fast else '    '}  {_caption(style)}")


@styles.command()
@click.argument("file", type=_readable_file)
@click.option("--name", help="Its title; by default the file's name.")
@_json
@click.pass_context
def add(context: click.Context, file: Path, name: str | None, as_json: bool) -> None:
    """Add a picture of your own to the styles."""
    style = _library(context).add(name or file.stem, file.read_bytes())
    click.echo(json.dumps(style.to_dict()) if as_json else f"Added '{style.title}' as {style.id}.")


@styles.command()
@click.argument("id")
@click.argument("name")
@click.pass_context
def rename(context: click.Context, id: str, name: str) -> None:
    """Give one of your own styles another NAME; its id stays."""
    style = _library(context).rename(id, name)
    click.echo(f"{style.id} is '{style.title}' now.")


@styles.command()
@click.argument("id")
@click.pass_context
def remove(context: click.Context, id: str) -> None:
    """Remove one of your own styles, its network included."""
    _library(context).remove(id)
    click.echo(f"Removed {id}.")


@styles.command()
@click.argument("id")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="Write the picture to this file, too.")
@_json
@click.pass_context
def show(context: click.Context, id: str, output: Path | None, as_json: bool) -> None:
    """What is known about a style; with --output, its picture."""
    library = _library(context)
    style = library.get(id)
    if output:
        try:
            output.write_bytes(library.picture(id))
        except OSError as error:
            raise DiskFull(f"{output} cannot be written: {error.strerror}.") from error
    if as_json:
        click.echo(json.dumps(style.to_dict(), indent=2))
    else:
        click.echo(f"{style.id}: {_caption(style)}")
        click.echo(f"{style.width} x {style.height} px, {style.size / 1000:.0f} kB. Licence: {style.licence}.")
        header = library.fast.header(id) if style.fast else None
        click.echo(_describe_network(header, id) if header else "No network has learnt it; it is refined on the picture first.")


@styles.command("import")
@click.argument("file", type=_readable_file)
@click.option("--name", default="", help="Its title; by default what the file says, or its name.")
@click.option("--picture", type=_readable_file, help="The painting that it was learnt from, to show in lists.")
@_json
@click.pass_context
def import_(context: click.Context, file: Path, name: str, picture: Path | None, as_json: bool) -> None:
    """Add a style that a network has learnt elsewhere.

    FILE is one that `impasto styles export` wrote, or a checkpoint (.pth) of PyTorch's fast_neural_style
    example. Nothing in it is run.
    """
    from ..worker import style_files

    shown = picture.read_bytes() if picture else None
    added = style_files.import_styles(_library(context), file, example().read_bytes(), name, shown)
    if as_json:
        click.echo(json.dumps([style.to_dict() for style in added], indent=2))
        return
    for style in added:
        click.echo(f"Added '{style.title}' as {style.id}.")


@styles.command()
@click.argument("id")
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="The file. [default: ID.safetensors]")
@click.option("--rows-only", is_flag=True, help="Leave the network out: some 40 kB, for those who have it already.")
@click.option("--overwrite", "--force", is_flag=True, help="Replace the file if it exists.")
@click.pass_context
def export(context: click.Context, id: str, output: Path | None, rows_only: bool, overwrite: bool) -> None:
    """Write a style with its network to a file for another machine."""
    from ..worker import style_files
    from .output import check_place

    file = output or Path(f"{id}.safetensors")
    check_place(file, overwrite=overwrite, sources=[])
    style_files.export_style(_library(context), id, file, rows_only)
    click.echo(f"Wrote {file}, {file.stat().st_size / 1000:.0f} kB.")


@styles.command()
@click.argument("id")
@click.argument("photo", required=False, type=_readable_file)
@click.option("--output", "-o", type=click.Path(dir_okay=False, path_type=Path), help="The picture. [default: ID-preview.png]")
@click.option("--size", default=768, show_default=True, type=click.IntRange(64, 4096), help="Long side at which it is painted, px.")
@click.option("--overwrite", "--force", is_flag=True, help="Replace the file if it exists.")
@click.pass_context
def preview(context: click.Context, id: str, photo: Path | None, output: Path | None, size: int, overwrite: bool) -> None:
    """Paint PHOTO, or the example, with the network of a style, to see what it does."""
    from . import local, stylize_request
    from .output import resolve
    from .progress import ProgressLine
    from .progress_watcher import ProgressWatcher

    settings, content = settings_of(context), photo or example()
    _library(context).fast.need([id])
    target = resolve(str(output or f"{id}-preview.png"), "", overwrite=overwrite, sources=[content])
    request = stylize_request.read(str(content), [id], {"method": "fast", "resolution": str(size)}, target.format, settings)
    target.write(local.paint(settings, request, ProgressWatcher(ProgressLine(quiet=True))))
    click.echo(f"Wrote {target.path}.")


def _describe_network(header: FastHeader, id: str) -> str:
    """What a file tells of the network that has learnt a style; files come from anywhere, so only what makes sense is shown."""
    training, found = header.training, header.quality.get(id)
    facts = [training["source"]] if isinstance(training.get("source"), str) else []
    facts += [f"{training[name]} {name}" for name in ("steps", "photographs") if isinstance(training.get(name), int)]
    facts += [str(training[name]) for name in ("photographs_licence",) if isinstance(training.get(name), str)]
    lines = [f"The network {header.network} has learnt it; the fast method paints it."]
    if facts:
        lines.append(f"Training: {', '.join(facts)}.")
    if isinstance(found, dict):
        distances = ", ".join(f"{name} {value:.3f}" for name, value in found.items() if isinstance(value, (int, float)))
        lines.append(f"Distances left, on photographs it has not seen: {distances}.")
    return "\n".join(lines)


def _caption(style: Style) -> str:
    return ", ".join(part for part in (style.title, style.painter, style.year) if part) + (" (your own)" if style.own else "")


def _library(context: click.Context) -> StyleLibrary:
    settings = settings_of(context)
    return StyleLibrary(Paths.of(settings), settings)
