"""``impasto jobs``: what the daemon paints."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import click

from ..parameters import UPLOAD
from ..paths import Paths
from .client import ENDED, STATES, Client
from .configuration import settings_of
from .daemon import running
from .progress import ProgressLine, clock, describe

_json = click.option("--json", "as_json", is_flag=True, help="Print JSON instead.")
_id = click.argument("id")


@click.group()
def jobs() -> None:
    """What the daemon paints: list, show, cancel, move, pause, finish, keep, save."""


@jobs.command("list")
@click.option("--limit", type=click.IntRange(1, 500), default=20, show_default=True, help="How many.")
@click.option("--state", type=click.Choice(STATES), help="Only those in this state.")
@_json
@click.pass_context
def list_jobs(context: click.Context, limit: int, state: str | None, as_json: bool) -> None:
    """The newest jobs, newest first."""
    with _client(context) as client:
        found, paused = client.jobs(limit, state), client.queue()["paused"]
    if as_json:
        click.echo(json.dumps(found, indent=2))
    elif paused:
        click.echo("Long work rests; `impasto jobs resume` lets it go on.")
    for job in () if as_json else found:
        click.echo(f"{job['id']}  {age(job):>8}  {job['state']:<9}  {summary(job)}")
    if not found and not as_json:
        click.echo("There are no jobs.")


@jobs.command()
@_id
@click.option("--watch", "follows", is_flag=True, help="Show its progress until it has ended.")
@_json
@click.pass_context
def show(context: click.Context, id: str, follows: bool, as_json: bool) -> None:
    """One job in full."""
    with _client(context) as client:
        job = client.job(id)
        if follows:
            job = _follow(client, job)
    if as_json:
        click.echo(json.dumps(job, indent=2))
        return
    click.echo(f"{job['id']}  {job['kind']}  {job['state']}")
    click.echo(summary(job))
    for note in job["notes"]:
        click.echo(f"note: {note}")
    if (job["error"] or {}).get("hint"):
        click.echo(f"hint: {job['error']['hint']}")
    for name, value in job["parameters"].items():
        click.echo(f"  {name}: {json.dumps(value)}")


@jobs.command()
@click.argument("id", required=False)
@click.option("--all", "everything", is_flag=True, help="All that waits or runs.")
@click.pass_context
def cancel(context: click.Context, id: str | None, everything: bool) -> None:
    """Stop a job and discard it, or all of them."""
    if bool(id) == everything:
        raise click.UsageError("Name a job, or say --all.")
    with _client(context) as client:
        if id:
            _say_state(client.cancel(id))
        else:
            count = len(client.cancel_all())
            click.echo(f"{count} job{'' if count == 1 else 's'} cancelled." if count else "Nothing waits or runs.")


@jobs.command()
@_id
@click.argument("position", type=click.IntRange(min=1), default=1)
@click.pass_context
def move(context: click.Context, id: str, position: int) -> None:
    """Let a job that waits be number POSITION in its queue: the next one, if nothing else is said."""
    with _client(context) as client:
        job = client.move(id, position)
    click.echo(f"{job['id']}: {describe(job)}")


@jobs.command()
@click.pass_context
def pause(context: click.Context) -> None:
    """Let iterative paintings and trainings rest until `impasto jobs resume`."""
    with _client(context) as client:
        rest = [job for job in client.pause(True)["jobs"] if job["kind"] != "pull"]
    click.echo("Long work rests. What takes seconds is painted all the same." + (f" Jobs there: {len(rest)}." if rest else ""))


@jobs.command()
@click.pass_context
def resume(context: click.Context) -> None:
    """Let iterative paintings and trainings go on."""
    with _client(context) as client:
        client.pause(False)
    click.echo("Long work goes on.")


@jobs.command()
@_id
@click.pass_context
def finish(context: click.Context, id: str) -> None:
    """Stop a job and keep what it has painted."""
    with _client(context) as client:
        _say_state(client.finish(id))


@jobs.command()
@_id
@click.argument("name")
@click.pass_context
def keep(context: click.Context, id: str, name: str) -> None:
    """Keep a picture that a job refined as a style called NAME, which is painted at once from then on."""
    with _client(context) as client:
        for style in client.keep(id, name):
            click.echo(f"Kept '{style['title']}' as {style['id']}.")


@jobs.command()
@_id
@click.option("-o", "--output", "out", required=True, metavar="OUT", help="Where it goes: a file, or - for standard output.")
@click.option("--overwrite", "--force", is_flag=True, help="Replace OUT if it exists.")
@click.option("--preview", is_flag=True, help="The newest preview (a PNG) instead of the result.")
@click.option("--strip", is_flag=True, help="Leave all metadata out: EXIF, XMP, resolution and recipe.")
@click.pass_context
def save(context: click.Context, id: str, out: str, overwrite: bool, preview: bool, strip: bool) -> None:
    """Write a job's picture to a file, in the format that its extension names."""
    from ..formats import FORMATS
    from . import output

    target = output.resolve(out, "png" if preview else "", overwrite=overwrite, sources=[])
    with _client(context) as client:
        media_type = FORMATS[target.format].media_type
        data = client.preview(id) if preview else client.result(id, media_type, strip=strip)
    target.write(data)
    if target.path:
        click.echo(f"Wrote {target.path}.")


@contextmanager
def _client(context: click.Context) -> Iterator[Client]:
    with Client(running(Paths.of(settings_of(context)))) as client:
        yield client


def _follow(client: Client, job: dict[str, Any]) -> dict[str, Any]:
    line = ProgressLine()
    while job["state"] not in ENDED:
        line.show(job)
        job = client.job(job["id"], since=job["version"], timeout=5)
    line.close()
    return job


def summary(job: dict[str, Any]) -> str:
    """What there is to say about a job in one line."""
    if job["error"]:
        return job["error"]["message"]
    if job["state"] == "done" and job["kind"] == "stylize":
        styles = ", ".join("a picture of your own" if UPLOAD.fullmatch(id) else id for id in job["parameters"].get("style") or [])
        return f"{styles}, {job['step']} of {job['total']} steps in {clock(job['elapsed'])}"
    if job["state"] in ("queued", "running"):
        return describe(job)
    return job["kind"]


def age(job: dict[str, Any]) -> str:
    """How long ago it was asked for."""
    return clock(max(time.time() - job["created"], 0))


def _say_state(job: dict[str, Any]) -> None:
    click.echo(f"{job['id']} is {job['state']}." if job["state"] != "running" else f"{job['id']} is ending.")
