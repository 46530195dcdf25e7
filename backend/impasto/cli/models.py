"""``impasto models``: the encoders on this machine, and how to get them."""

from __future__ import annotations

import json
import sys
from collections.abc import Callable
from typing import Any

import click

from ..errors import DigestMismatch, ImpastoError, WeightsUnavailable
from ..models import Catalogue, ModelStore, PullProgress
from ..paths import Paths
from .configuration import settings_of

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead of a table.")


@click.group()
def models() -> None:
    """The networks that see: list, fetch and check them."""


@models.command("list")
@_json
@click.pass_context
def list_models(context: click.Context, as_json: bool) -> None:
    """Every model of the catalogue, best first, and whether it is on this machine."""
    store = _store(context)
    rows = [model.to_dict() | {"status": store.status(model.id)} for model in store.catalogue.models()]
    if as_json:
        click.echo(json.dumps(rows, indent=2))
        return
    for row in rows:
        click.echo(f"{row['id']:<8} {row['status']:<8} {megabytes(row['size']):>7}  {row['title']}: {row['purpose']}")
        click.echo(f"{'':<26}{row['licence']}; download {megabytes(row['download_size'])}")


@models.command()
@click.argument("id", default="auto")
@_json
@click.pass_context
def pull(context: click.Context, id: str, as_json: bool) -> None:
    """Fetch a model (vgg19, vgg16); without a name, the best that can be had. Does nothing where it is present and whole."""
    store = _store(context)
    show = _progress_line() if sys.stderr.isatty() and not as_json else lambda progress: None
    try:
        got = store.ensure(id, report=show)
    finally:
        if sys.stderr.isatty() and not as_json:
            click.echo(err=True)
    header = store.verify(got)
    if as_json:
        click.echo(json.dumps({"id": got, "status": store.status(got), "path": str(store.path(got)), "source": header.source}))
    else:
        click.echo(f"{store.catalogue.model(got).title} is ready, from {header.source}.")


@models.command()
@click.argument("ids", nargs=-1)
@_json
@click.pass_context
def verify(context: click.Context, ids: tuple[str, ...], as_json: bool) -> None:
    """Read every number of the models (by default of all that are here) and compare their digests."""
    store = _store(context)
    wanted = list(ids) or [m.id for m in store.catalogue.models() if store.status(m.id) != "absent"]
    failures: dict[str, ImpastoError] = {}
    rows: list[dict[str, Any]] = []
    for id in wanted:
        try:
            header = store.verify(id)
            rows.append({"id": id, "ok": True, "source": header.source, "sha256": header.tensors_sha256})
        except WeightsUnavailable as error:
            failures[id] = error
            rows.append({"id": id, "ok": False, "error": error.to_dict()})
    if as_json:
        click.echo(json.dumps(rows, indent=2))
    else:
        for row in rows:
            click.echo(f"{row['id']:<8} {'whole' if row['ok'] else row['error']['message']}")
        if not rows:
            click.echo("There is no model on this machine yet. Run: impasto models pull")
    if failures:
        kind = DigestMismatch if all(isinstance(e, DigestMismatch) for e in failures.values()) else WeightsUnavailable
        raise kind(f"Not in order: {', '.join(failures)}.", hint=next(iter(failures.values())).hint)


@models.command()
@click.argument("id", required=False)
@click.option("--drop-in", is_flag=True, help="The folder for weight files put there by hand.")
@click.pass_context
def path(context: click.Context, id: str | None, drop_in: bool) -> None:
    """Where the weights are kept; with a name, where that model's file is or would be."""
    store, paths = _store(context), Paths.of(settings_of(context))
    if drop_in:
        click.echo(paths.drop_in)
    else:
        click.echo(store.path(id) if id else paths.weights)


def megabytes(size: float) -> str:
    """``574673361`` -> ``575 MB``."""
    return f"{size / 1e6:.0f} MB"


def _store(context: click.Context) -> ModelStore:
    settings = settings_of(context)
    return ModelStore(Catalogue.load(), Paths.of(settings), settings)


def _progress_line() -> Callable[[PullProgress], None]:
    """Prints each progress over the one before, on standard error."""
    width = 0

    def show(progress: PullProgress) -> None:
        nonlocal width
        line = f"{progress.model}: {progress.phase}"
        if progress.phase == "downloading" and progress.total:
            bar = "#" * round(30 * progress.fraction)
            line = f"{progress.model} [{bar:<30}] {progress.fraction:4.0%} of {megabytes(progress.total)} from {progress.source}"
        click.echo("\r" + line.ljust(width), nl=False, err=True)
        width = len(line)

    return show
