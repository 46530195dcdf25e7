"""``impasto show``: the recipe by which a picture was painted."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import click

from ..recipe import Recipe
from ..settings import Settings
from ..stylization import Stylization
from .configuration import settings_of


@click.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead, which `impasto stylize --recipe` takes, too.")
@click.pass_context
def show(context: click.Context, file: Path, as_json: bool) -> None:
    """Print the recipe by which a picture was painted.

    \b
    impasto show painted.png
    impasto stylize another.jpg --recipe painted.png -o as-before.png

    FILE is a picture that Impasto has painted, in any format but .npy, or a JSON file.
    """
    from .stylize_request import read_recipe

    settings: Settings = settings_of(context)
    recipe = read_recipe(file, settings)
    if as_json:
        click.echo(recipe.to_json(indent=2))
        return
    click.echo(f"{file}: painted by Impasto{' ' + recipe.version if recipe.version else ''}")
    rows = list(_rows(recipe))
    for name, value in rows:
        click.echo(f"  {name:<{max(len(name) for name, _ in rows)}}  {value}")


def _rows(recipe: Recipe) -> Iterator[tuple[str, str]]:
    """What there is to say, the styles first; parameters in the order in which interfaces show them."""
    total = sum(style.weight for style in recipe.styles) or 1.0
    for style in recipe.styles:
        name = f"{style.title} ({style.id})" if style.title and style.id else style.title or style.id or "a picture of your own"
        share = f", {style.weight / total:.0%}" if len(recipe.styles) > 1 else ""
        digest = f", SHA-256 {style.sha256}" if style.sha256 and not style.id else ""
        yield "style", name + share + digest
    texts = recipe.fields()
    for parameter in Stylization.parameters():
        if parameter.name in recipe.values:
            yield parameter.name, texts[parameter.name]
    if recipe.width:
        painted = f"{recipe.painted_width} x {recipe.painted_height} px"
        same = (recipe.painted_width, recipe.painted_height) == (recipe.width, recipe.height)
        yield "size", f"{recipe.width} x {recipe.height} px" + ("" if same else f", painted at {painted}")
    if recipe.finished_early:
        yield "stopped", f"after {recipe.steps} steps; a repetition does them all"
    if recipe.network:
        yield "network", f"SHA-256 {recipe.network}"
