"""The daemon: takes the data folder, listens, tells where, serves, and leaves nothing behind."""

from __future__ import annotations

import contextlib
import dataclasses
import ipaddress
import logging
import re
import secrets
import signal
import socket
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

from ..disk import private_files
from ..errors import DaemonRunning, SettingsError
from ..paths import Paths
from ..settings import Settings
from . import httpd, runtime, security
from .app import create_app
from .services import EXTENSION

if TYPE_CHECKING:
    from ..jobs import JobManager

STOP_SIGNALS = ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK")
"""Those that the system has. Windows knows SIGINT (Ctrl-C) and SIGBREAK (Ctrl-Break, and how a service is stopped)."""

TOKEN_BYTES = 32
MAX_TOKEN = 1024
MIN_TOKEN_OF_OTHERS = 16
"""Characters of a token that other machines may try."""

_SENDABLE = re.compile(rf"[!-~]([ -~]{{0,{MAX_TOKEN - 2}}}[!-~])?")
"""What a header can carry."""

everything, log = logging.getLogger("impasto"), logging.getLogger("impasto.server")


def serve(settings: Settings, paths: Paths, *, ready: Callable[[str], None] = lambda url: None, work: str = "") -> None:
    """Run the daemon until it is told to stop. ``ready`` is called with the address once requests are answered.

    ``work``: another table of work for the workers (``module:function``), for tests. Raises :class:`SettingsError` for an
    address that needs a token, :class:`DaemonRunning` where the data folder, the runtime folder or the port is in use,
    :class:`DiskFull` where the folders cannot be written.
    """
    from ..jobs import JobManager

    check_address(settings)
    manager = JobManager(settings, paths, **({"work": work} if work else {}))
    with stop_signals() as stopping, private_files(), runtime.claimed(paths):
        manager.start()
        try:
            with contextlib.closing(bind(settings)) as listener:
                port = listener.getsockname()[1]
                run(dataclasses.replace(settings, port=port), paths, manager, listener, stopping, ready)
        finally:
            manager.stop()


def run(
    settings: Settings,
    paths: Paths,
    manager: JobManager,
    listener: socket.socket,
    stopping: threading.Event,
    ready: Callable[[str], None],
) -> None:
    """Serve on ``listener`` until a stop signal. The runtime file is there while requests are answered, and only then."""
    from ..models import Catalogue, ModelStore, StyleLibrary

    token, instance = settings.token or secrets.token_urlsafe(TOKEN_BYTES), uuid.uuid4().hex
    # Not the token: a proof can be tried against guesses, and a user may choose a weak one.
    secret = secrets.token_urlsafe(TOKEN_BYTES)
    store, styles = ModelStore(Catalogue.load(), paths, settings), StyleLibrary(paths, settings)
    app = create_app(settings, paths, manager, store, styles, token, instance, secret=secret, stopping=stopping)
    everything.addHandler(app.extensions[EXTENSION].recent_log)
    server, url = httpd.make_server(app, listener, settings, security.refusal(app)), url_of(settings)
    try:
        runtime.write(paths, url, token, instance, secret)
        threading.Thread(target=_warm, name="warm", daemon=True).start()
        log.info("listening on %s", url)
        ready(url)
        server.run()  # until SystemExit; then lets its threads end, which look at stopping
    finally:
        runtime.remove(paths, instance)
        everything.removeHandler(app.extensions[EXTENSION].recent_log)


def _warm() -> None:
    """Import the codecs while nobody waits for them, so that the first picture need not; and look at what ships."""
    from .. import images  # noqa: F401
    from ..models import shipped_networks

    for trouble in shipped_networks.troubles():
        log.warning("%s Paintings that need it take much longer. %s", trouble, shipped_networks.ADVICE)


def check_address(settings: Settings) -> None:
    """Refuse to be reachable from other machines without a good token that the user has chosen, and tokens that nobody can send."""
    if settings.token and not _SENDABLE.fullmatch(settings.token):
        raise SettingsError(
            f"The setting token must be 1 to {MAX_TOKEN} plain characters (ASCII), without blanks at its beginning and end.",
            hint="Leave it empty: then each start makes a good one.",
            field="token",
        )
    if is_loopback(settings.host) or len(settings.token) >= MIN_TOKEN_OF_OTHERS:
        return
    place = settings.host or "all addresses"
    short = f"one of at least {MIN_TOKEN_OF_OTHERS} characters" if settings.token else "a token of your own"
    raise SettingsError(
        f"Listening on {place} lets other machines in, so it needs {short}.",
        hint="Set token (IMPASTO_TOKEN) to a long random text, or leave host at 127.0.0.1.",
        field="token" if settings.token else "host",
    )


def is_loopback(host: str) -> bool:
    """Whether only this machine can reach ``host``."""
    if host.lower() == "localhost":
        return True
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False  # some name: where it leads may change


def bind(settings: Settings) -> socket.socket:
    """Listen where the settings say. Raises :class:`DaemonRunning` for a taken port, :class:`SettingsError` for a wrong address."""
    try:
        return httpd.listen(settings)
    except socket.gaierror:
        raise SettingsError(f"There is no address called {settings.host}.", field="host") from None
    except PermissionError:
        raise SettingsError(
            f"Port {settings.port} may not be used by you or is taken.",
            field="port",
            hint="Set port to 0, which takes a free one, or to a number above 1023.",
        ) from None
    except OSError as error:
        if error.errno in httpd.ADDRESS_NOT_AVAILABLE:
            raise SettingsError(f"{settings.host} is no address of this machine.", field="host") from None
        raise DaemonRunning(
            f"Port {settings.port} is in use by another program.",
            field="port",
            hint="Set port to 0, which takes a free one; clients find it by themselves.",
        ) from None


def url_of(settings: Settings) -> str:
    """The address for clients on this machine."""
    host = {"": "127.0.0.1", "0.0.0.0": "127.0.0.1", "::": "::1"}.get(settings.host, settings.host)
    return f"http://{security.bracketed(host)}:{settings.port}"


@contextlib.contextmanager
def stop_signals() -> Iterator[threading.Event]:
    """Let every stop signal set the event and end the server's loop. Only the main thread can catch signals."""
    stopping = threading.Event()

    def stop(number: int, frame: Any) -> None:
        stopping.set()
        raise SystemExit(0)

    known = [getattr(signal, name) for name in STOP_SIGNALS if hasattr(signal, name)]
    before = {number: signal.signal(number, stop) for number in known}
    try:
        yield stopping
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
