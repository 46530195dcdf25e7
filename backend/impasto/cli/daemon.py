"""Small commands about the running daemon: its address, its header, its page, its end."""

from __future__ import annotations

import os
import time
from typing import TYPE_CHECKING

import click

from ..api.runtime import Daemon, find_daemon, process_of, proven, read, remove
from ..errors import Conflict, DaemonNotRunning, Forbidden, harmless
from ..paths import Paths
from ..settings import Settings
from .options import with_settings

if TYPE_CHECKING:
    import psutil

STOP_TIMEOUT_S = 20.0
POLL_S = 0.1


def running(paths: Paths) -> Daemon:
    """The running daemon. Raises :class:`DaemonNotRunning`."""
    found = find_daemon(paths)
    if found is None:
        raise not_running(paths)
    return found


def not_running(paths: Paths) -> DaemonNotRunning:
    """That no daemon has proven that it is the runtime file's."""
    runtime = read(paths)
    if runtime is not None and not runtime.secret:
        return DaemonNotRunning(
            f"The daemon was started by Impasto {harmless(runtime.version)}, and cannot prove to this version that it is ours.",
            hint=f"If it still runs, end process {runtime.pid} by hand, once. Then: impasto serve",
        )
    return DaemonNotRunning("No daemon is running.", hint="Start it with: impasto serve")


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
    runtime = read(paths)
    process = process_of(runtime) if runtime else None  # before the proof: what has proven itself is then this very process
    if runtime is None or proven(runtime) is None:
        raise not_running(paths)
    if process is None:
        raise Conflict(
            f"The daemon answers, but it is not process {runtime.pid} of this machine.",
            hint="End it where it runs: in its container?",
        )
    end(process)
    remove(paths, runtime.instance)  # Windows ends a process without letting it clean up
    click.echo("The daemon has ended.")


def end(process: psutil.Process) -> None:
    """Ask ``process`` to end (Windows: end it) and wait for that. Raises :class:`Conflict` where it does not end.

    The caller has made sure that the process is the daemon; one that has its number by now is left alone.
    """
    import psutil

    if process.pid == os.getpid():
        raise Conflict("The daemon is this very process.")
    try:
        process.terminate()
        deadline = time.monotonic() + STOP_TIMEOUT_S
        while process.is_running() and process.status() != psutil.STATUS_ZOMBIE:
            if time.monotonic() > deadline:
                raise Conflict(
                    f"The daemon (process {process.pid}) did not end within {STOP_TIMEOUT_S:g} s.",
                    hint="Try again, or end that process by hand.",
                )
            time.sleep(POLL_S)
    except psutil.NoSuchProcess:
        return
    except psutil.AccessDenied:
        raise Forbidden("The daemon belongs to another user.", hint="Let that user run: impasto stop") from None
