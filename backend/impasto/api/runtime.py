"""The runtime file: how the command line and the editors' plug-ins find the daemon and its token.

Only its owner may read it. It is written when the daemon listens and removed when it ends. One that a killed daemon left
behind may name an address at which somebody else listens by now, and a process number that somebody else has. So before
the token is sent or a process is ended, whatever answers proves itself: it answers a challenge by means of the file's
``secret``, which only the daemon and whoever may read the file know.
"""

from __future__ import annotations

import contextlib
import hashlib
import hmac
import json
import os
import secrets
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple
from urllib.parse import urlsplit

from .. import __version__
from ..disk import private_folder
from ..errors import DaemonRunning, DiskFull
from ..paths import Paths

if TYPE_CHECKING:
    import psutil

HEALTH_TIMEOUT_S = 2.0
CHALLENGE = "Impasto-Challenge"
START_TOLERANCE_S = 0.005
MAX_FILE_BYTES = 16 * 1024


@dataclass(frozen=True)
class Runtime:
    """What the file says. ``secret`` is empty and ``started`` None in a file of version 0.1, which knew neither."""

    url: str
    token: str
    pid: int
    instance: str
    version: str
    secret: str = ""
    started: float | None = None


class Daemon(NamedTuple):
    """A daemon that answers: its address without a slash at the end, its token, its instance id."""

    url: str
    token: str
    instance: str


@contextlib.contextmanager
def claimed(paths: Paths) -> Iterator[None]:
    """Be the one daemon whose runtime file lies in this folder, until the block ends, however this process ends.

    Raises :class:`DaemonRunning` where another one is, whatever its data folder, and :class:`DiskFull` as :func:`write` does.
    """
    import filelock

    with _folder_errors():
        private_folder(paths.runtime)
        lock = filelock.FileLock(paths.runtime / "daemon.lock", mode=0o600)
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            raise DaemonRunning(
                "A daemon is running already.",
                hint="Use that one (impasto url), or end it (impasto stop). A second one beside it needs folders of its own: "
                "the setting data_dir, and IMPASTO_RUNTIME_DIR for it and for the commands that are meant for it.",
            ) from None
    try:
        yield
    finally:
        lock.release()


def write(paths: Paths, url: str, token: str, instance: str, secret: str) -> None:
    """Write the runtime file, readable by its owner alone. Raises :class:`DiskFull` where that cannot be."""
    import psutil

    started = started_at(psutil.Process())
    runtime = Runtime(url=url, token=token, pid=os.getpid(), instance=instance, version=__version__, secret=secret, started=started)
    with _folder_errors():
        private_folder(paths.runtime)
        handle, name = tempfile.mkstemp(prefix=".daemon-", suffix=".part", dir=paths.runtime)  # made with mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(asdict(runtime), file)
            Path(name).replace(paths.runtime_file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise


@contextlib.contextmanager
def _folder_errors() -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise DiskFull(
            f"The runtime file cannot be written: {error.strerror}.",
            hint="Set IMPASTO_RUNTIME_DIR to a folder of your own that can be written.",
        ) from None


def read(paths: Paths) -> Runtime | None:
    """What the file says, or None where there is none or it is no runtime file of ours."""
    try:
        if paths.runtime_file.stat().st_size > MAX_FILE_BYTES:
            return None
        content = json.loads(paths.runtime_file.read_text(encoding="utf-8"))
    except (OSError, ValueError, RecursionError):
        return None
    return _checked(content)


def _checked(content: Any) -> Runtime | None:
    wanted = {"url": str, "token": str, "pid": int, "instance": str, "version": str}
    if not isinstance(content, dict) or not all(type(content.get(key)) is kind for key, kind in wanted.items()):
        return None
    secret, started = content.get("secret", ""), content.get("started")
    if not isinstance(secret, str) or not isinstance(started, float | int | None):
        return None
    try:
        address = urlsplit(content["url"])
    except ValueError:
        return None
    if address.scheme != "http" or not address.hostname or content["pid"] <= 0:
        return None
    return Runtime(**{key: content[key] for key in wanted}, secret=secret, started=started)


def remove(paths: Paths, instance: str) -> None:
    """Remove the file if it is still that of ``instance``: a daemon that started later may have replaced it."""
    runtime = read(paths)
    if runtime is not None and runtime.instance == instance:
        with contextlib.suppress(OSError):
            paths.runtime_file.unlink()


def find_daemon(paths: Paths) -> Daemon | None:
    """The daemon of the runtime file, if it answers at its address and proves that it is the one; else None."""
    runtime = read(paths)
    return proven(runtime) if runtime else None


def proven(runtime: Runtime) -> Daemon | None:
    """The daemon of ``runtime`` if it answers and proves itself. Nothing but a challenge is sent."""
    if not runtime.secret:
        return None
    challenge = secrets.token_urlsafe(32)
    given = _health(runtime.url, challenge).get("proof")
    if not isinstance(given, str) or not hmac.compare_digest(
        given.encode("utf-8", "replace"), proof(runtime.secret, challenge).encode()
    ):
        return None
    return Daemon(runtime.url.rstrip("/"), runtime.token, runtime.instance)


def proof(secret: str, challenge: str) -> str:
    """What only who knows ``secret`` can answer to ``challenge``."""
    return hmac.new(secret.encode(), b"impasto " + challenge.encode(), hashlib.sha256).hexdigest()


def process_of(runtime: Runtime) -> psutil.Process | None:
    """The process that wrote the file, or None where it has ended or its number belongs to another by now.

    psutil looks at the start time again before it sends a signal, so the number cannot change hands in between either.
    """
    import psutil

    try:
        process = psutil.Process(runtime.pid)
        same = runtime.started is not None and abs(started_at(process) - runtime.started) <= START_TOLERANCE_S
    except psutil.Error:
        return None
    return process if same else None


def started_at(process: psutil.Process) -> float:
    """When ``process`` began, in seconds: on Linux since boot, which is what it knows. A time made of that moves with the clock.

    Raises ``psutil.Error`` where it has ended.
    """
    if sys.platform != "linux":
        return process.create_time()
    import psutil

    try:
        fields = Path(f"/proc/{process.pid}/stat").read_bytes().rpartition(b")")[2].split()  # its name may have spaces in it
    except OSError:
        raise psutil.NoSuchProcess(process.pid) from None
    return int(fields[19]) / os.sysconf("SC_CLK_TCK")


def _health(url: str, challenge: str) -> dict[str, Any]:
    # Proxies are left out: the daemon is on this machine. The answer of somebody else may have no end.
    import requests
    from urllib3.exceptions import HTTPError

    with requests.Session() as session:
        session.trust_env = False
        try:
            with session.get(
                url.rstrip("/") + "/health",
                headers={CHALLENGE: challenge},
                timeout=HEALTH_TIMEOUT_S,
                allow_redirects=False,
                stream=True,
            ) as answer:
                content = json.loads(answer.raw.read(MAX_FILE_BYTES))
        except (requests.RequestException, OSError, ValueError, RecursionError, HTTPError):
            return {}
    return content if isinstance(content, dict) else {}
