"""``impasto config``: the settings in force, where each comes from, and a file to start from."""

from __future__ import annotations

import json
import os
import tempfile
from pathlib import Path

import click

from ..errors import Conflict, DiskFull
from ..paths import user_config
from ..settings import template
from .configuration import Configuration

SECRET = ("token",)
"""Settings that are not for shoulders to look over."""


@click.group()
def config() -> None:
    """The settings in force, and the file that they come from."""


@config.command()
@click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")
@click.pass_obj
def show(configuration: Configuration, as_json: bool) -> None:
    """Every setting with its value and the layer that it comes from."""
    values, origins = configuration.settings().to_dict(), configuration.origins()
    for name in SECRET:
        values[name] = "(set, not shown)" if values[name] else ""
    if as_json:
        file = str(configuration.file) if configuration.file else None
        rows = {name: {"value": value, "from": origins[name]} for name, value in values.items()}
        click.echo(json.dumps({"file": file, "settings": rows}, indent=2))
        return
    width = max(map(len, values))
    for name, value in values.items():
        click.echo(f"{name:<{width}}  {json.dumps(value, ensure_ascii=False):<20}  {origins[name]}")
    click.echo(f"\nFile: {configuration.file or f'none ({user_config()} does not exist; `impasto config init` writes it)'}")


@config.command()
@click.pass_obj
def path(configuration: Configuration) -> None:
    """The configuration file that is read, or that would be if it existed."""
    click.echo(configuration.file or user_config())


@config.command()
@click.option("--overwrite", "--force", is_flag=True, help="Replace the file if there is one.")
@click.pass_obj
def init(configuration: Configuration, overwrite: bool) -> None:
    """Write a configuration file with every setting, its default and its meaning."""
    file = configuration.file or user_config()
    if file.exists() and not overwrite:
        raise Conflict(f"{file} exists already.", hint="Edit it, or add --overwrite to start anew.")
    write_text(file, template())
    click.echo(f"Wrote {file}. Delete the lines that you do not change, or leave them: they are the defaults.")


def write_text(file: Path, text: str) -> None:
    """Write a file whole or not at all, readable by its owner (it may hold a token). Raises :class:`DiskFull`."""
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=file.parent, prefix=f".{file.name}.", suffix=".part")
        try:
            with os.fdopen(handle, "w", encoding="utf-8", newline="\n") as opened:
                opened.write(text)
            Path(name).replace(file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DiskFull(f"{file} cannot be written: {error.strerror}.") from None
