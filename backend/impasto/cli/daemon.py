"""Small commands about the running daemon: its address, its header, its page, its end."""

from __future__ import annotations

import os
import time

import click

from ..api.runtime import Daemon, find_daemon, read, remove
from ..errors import Conflict, DaemonNotRunning, Forbidden
from ..paths import Paths
from ..settings import Settings
from .options import with_settings

STOP_TIMEOUT_S = 20.0
POLL_S = 0.1


def running(paths: Paths) -> Daemon:
    """The running daemon. Raises :class:`DaemonNotRunning`."""
    found = find_daemon(paths)
    if found is None:
        raise DaemonNotRunning("No daemon is running.", hint="Start it with: impasto serve")
    return found


@click.command()
@with_settings()
def url(settings: Settings) -> None:
    """Print the running daemon's address."""
    click.echo(running(Paths.of(settings)).url)


@click.command()
@with_settings()
def auth(settings: Settings) -> None:
    """Print the header that lets a request in.

    \b
    curl -H "$(impasto auth)" "$(impasto url)/v1/jobs"
    """
    click.echo(f"Authorization: Bearer {running(Paths.of(settings)).token}")


@click.command("open")
@click.option("--print", "prints", is_flag=True, help="Print the address, good once and for two minutes, instead of opening it.")
@with_settings()
def open_command(settings: Settings, prints: bool) -> None:
    """Open the studio page in the browser, signed in."""
    from .serve import open_studio, studio_address

    paths = Paths.of(settings)
    found = running(paths)
    if prints:
        click.echo(studio_address(found))
    elif not open_studio(paths):
        raise Conflict(
            "There is no browser to open here.",
            hint=f"Open {found.url}/ by hand; `impasto open --print` has the signed-in address.",
        )


@click.command()
@with_settings()
def stop(settings: Settings) -> None:
    """End the running daemon. Jobs that wait or run go on when it starts again."""
    paths = Paths.of(settings)
    found, runtime = running(paths), read(paths)
    if runtime is None or runtime.instance != found.instance:
        raise DaemonNotRunning("The daemon ended by itself just now.")
    end(runtime.pid)
    remove(paths, runtime.instance)  # Windows ends a process without letting it clean up
    click.echo("The daemon has ended.")


def end(pid: int) -> None:
    """Ask process ``pid`` to end (Windows: end it) and wait for that. Raises :class:`Conflict` where it does not end.

    The caller has made sure, through /health and the instance id, that the process is the daemon.
    """
    import psutil

    if pid == os.getpid():
        raise Conflict("The daemon is this very process.")
    try:
        process = psutil.Process(pid)
        process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                raise Conflict(
                    f"The daemon (process {pid}) did not end within {STOP_TIMEOUT_S:g} s.",
                    hint="Try again, or end that process by hand.",
                )
            time.sleep(POLL_S)
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied:
        raise Forbidden("The daemon belongs to another user.", hint="Let that user run: impasto stop") from None
