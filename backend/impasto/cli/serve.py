"""``impasto serve``: the daemon in the foreground."""

from __future__ import annotations

import logging
import sys
import webbrowser

import click

from ..api import runtime
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
        if opens:
            open_studio(paths)

    server.serve(settings, paths, ready=ready)
    click.echo("The daemon has ended.")


def greeting(url: str) -> str:
    """What a person wants to know once the daemon listens."""
    return "\n".join([
        f"Impasto listens on {url}",
        "  studio page:  impasto open",
        f'  from a shell: curl -H "$(impasto auth)" -F content=@photo.jpg -F style=starry-night {url}/v1/stylize -o painted.png',
        "  to end it:    Ctrl-C, or impasto stop"])


def studio_address(url: str, token: str) -> str:
    """The studio page with the token behind the #, which browsers keep to themselves: neither sent, nor logged, nor a referrer."""
    return f"{url}/#token={token}"


def open_studio(paths: Paths) -> bool:
    """Open the studio page of the running daemon, signed in. False where there is no browser, or no daemon."""
    told = runtime.read(paths)
    return told is not None and webbrowser.open(studio_address(told.url, told.token))
