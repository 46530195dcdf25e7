"""``impasto styles``: the style pictures, shipped and your own."""

from __future__ import annotations

import json
from pathlib import Path

import click

from ..errors import DiskFull
from ..models import Style, StyleLibrary
from ..paths import Paths
from .configuration import settings_of

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
_picture = click.Path(exists=True, dir_okay=False, readable=True, path_type=Path)


@click.group()
def styles() -> None:
    """The style pictures: those that ship with Impasto, and your own."""


@styles.command("list")
@_json
@click.pass_context
def list_styles(context: click.Context, as_json: bool) -> None:
    """Every style by its id, which `impasto stylize --style` takes."""
    found = _library(context).list()
    if as_json:
        click.echo(json.dumps([style.to_dict() for style in found], indent=2))
        return
    width = max((len(style.id) for style in found), default=0)
    for style in found:
        click.echo(f"{style.id:<{width}}  {'fast' if style.fast else '    '}  {_caption(style)}")


@styles.command()
@click.argument("file", type=_picture)
@click.option("--name", help="Its title; by default the file's name.")
@_json
@click.pass_context
def add(context: click.Context, file: Path, name: str | None, as_json: bool) -> None:
    """Add a picture of your own to the styles."""
    style = _library(context).add(name or file.stem, file.read_bytes())
    click.echo(json.dumps(style.to_dict()) if as_json else f"Added '{style.title}' as {style.id}.")


@styles.command()
@click.argument("id")
@click.pass_context
def remove(context: click.Context, id: str) -> None:
    """Remove one of your own styles."""
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
        click.echo("A network has learnt it: the fast method paints it." if style.fast else "For the iterative method.")


def _caption(style: Style) -> str:
    return ", ".join(part for part in (style.title, style.painter, style.year) if part) + (" (your own)" if style.own else "")


def _library(context: click.Context) -> StyleLibrary:
    settings = settings_of(context)
    return StyleLibrary(Paths.of(settings), settings)
