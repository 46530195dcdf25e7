"""``impasto serve``: the daemon in the foreground."""

from __future__ import annotations

import logging
import sys
import threading
import webbrowser

import click

from ..api import runtime
from ..errors import ImpastoError
from ..paths import Paths
from ..settings import Settings
from .options import SectionedCommand, all_settings, with_settings

LOG_FORMAT = "%(asctime)s %(levelname)s %(name)s: %(message)s"


@click.command(cls=SectionedCommand)
@with_settings(*all_settings())
@click.option("--open", "opens", is_flag=True, help="Open the studio page in the browser.")
def serve(settings: Settings, opens: bool) -> None:
    """Run the daemon until Ctrl-C.

    It listens on this machine only and lets in who knows its token, which the editors' plug-ins and `impasto auth` read
    from a file that only you can read.
    """
    from ..api import server

    logging.basicConfig(level=settings.log_level.upper(), format=LOG_FORMAT, stream=sys.stderr)
    paths = Paths.of(settings)

    def ready(url: str) -> None:
        click.echo(greeting(url))
        if opens:  # in a thread, since nothing is answered before this function has ended
            threading.Thread(target=_open_or_say, args=(paths,), name="open", daemon=True).start()

    server.serve(settings, paths, ready=ready)
    click.echo("The daemon has ended.")


def _open_or_say(paths: Paths) -> None:
    try:
        opened = open_studio(paths)
    except ImpastoError:
        opened = False
    if not opened:
        click.echo("There is no browser to open here: `impasto open --print` has an address to open by hand.", err=True)


def greeting(url: str) -> str:
    """What a person wants to know once the daemon listens."""
    return "\n".join(
        [
            f"Impasto listens on {url}",
            "  studio page:  impasto open",
            f'  from a shell: curl -H "$(impasto auth)" {url}/v1/stylize -F content=@photo.jpg -F style=starry-night -o out.png',
            "  to end it:    Ctrl-C, or impasto stop",
        ]
    )


def studio_address(found: runtime.Daemon) -> str:
    """The studio page with a new one-time ticket behind the #, which browsers neither send nor pass on.

    The token itself would stay behind in the list of processes and in the browser's history. Raises as the client does.
    """
    from .client import Client

    with Client(found) as client:
        return f"{found.url}/#ticket={client.ticket()}"


def open_studio(paths: Paths) -> bool:
    """Open the studio page of the running daemon, signed in. False where there is no browser, or no daemon."""
    found = runtime.find_daemon(paths)
    return found is not None and webbrowser.open(studio_address(found))
