"""The runtime file: how the command line and the editors' plug-ins find the daemon and its token.

Only its owner may read it. It is written when the daemon listens and removed when it ends; one that a killed daemon left
behind is recognised by its process id and by what answers at its address.
"""

from __future__ import annotations

import contextlib
import json
import os
import tempfile
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, NamedTuple
from urllib.parse import urlsplit

from .. import __version__
from ..errors import DiskFull
from ..paths import Paths

HEALTH_TIMEOUT_S = 2.0
MAX_FILE_BYTES = 16 * 1024


@dataclass(frozen=True)
class Runtime:
    """What the file says."""

    url: str
    token: str
    pid: int
    instance: str
    version: str


class Daemon(NamedTuple):
    """A daemon that answers: its address without a slash at the end, its token, its instance id."""

    url: str
    token: str
    instance: str


def write(paths: Paths, url: str, token: str, instance: str) -> None:
    """Write the runtime file, readable by its owner alone. Raises :class:`DiskFull` where that cannot be."""
    runtime = Runtime(url=url, token=token, pid=os.getpid(), instance=instance, version=__version__)
    try:
        private_folder(paths.runtime)
        handle, name = tempfile.mkstemp(prefix=".daemon-", suffix=".part", dir=paths.runtime)  # made with mode 0600
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                json.dump(asdict(runtime), file)
            Path(name).replace(paths.runtime_file)
        except BaseException:
            Path(name).unlink(missing_ok=True)
            raise
    except OSError as error:
        raise DiskFull(
            f"The runtime file cannot be written: {error.strerror}.",
            hint="Set IMPASTO_RUNTIME_DIR to a folder of your own that can be written.",
        ) from None


def private_folder(folder: Path) -> None:
    """Make ``folder`` (if need be) and close it to others. Windows keeps the user's folders closed by itself."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    if os.name == "posix":
        folder.chmod(0o700)


def read(paths: Paths) -> Runtime | None:
    """What the file says, or None where there is none or it is no runtime file of ours."""
    try:
        if paths.runtime_file.stat().st_size > MAX_FILE_BYTES:
            return None
        content = json.loads(paths.runtime_file.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return None
    return _checked(content)


def _checked(content: Any) -> Runtime | None:
    wanted = {"url": str, "token": str, "pid": int, "instance": str, "version": str}
    if not isinstance(content, dict) or not all(type(content.get(key)) is kind for key, kind in wanted.items()):
        return None
    address = urlsplit(content["url"])
    if address.scheme != "http" or not address.hostname or content["pid"] <= 0:
        return None
    return Runtime(**{key: content[key] for key in wanted})


def remove(paths: Paths, instance: str) -> None:
    """Remove the file if it is still that of ``instance``: a daemon that started later may have replaced it."""
    runtime = read(paths)
    if runtime is not None and runtime.instance == instance:
        with contextlib.suppress(OSError):
            paths.runtime_file.unlink()


def find_daemon(paths: Paths) -> Daemon | None:
    """The daemon of the runtime file, if its process lives and it answers with its instance id; else None."""
    import psutil

    runtime = read(paths)
    if runtime is None or not psutil.pid_exists(runtime.pid) or health(runtime.url).get("instance") != runtime.instance:
        return None
    return Daemon(runtime.url.rstrip("/"), runtime.token, runtime.instance)


def health(url: str) -> dict[str, Any]:
    """What /health says at ``url``; empty where nothing of ours answers. Proxies are left out: the daemon is on this machine."""
    import requests

    with requests.Session() as session:
        session.trust_env = False
        try:
            answer = session.get(url.rstrip("/") + "/health", timeout=HEALTH_TIMEOUT_S, allow_redirects=False)
            content = answer.json()
        except (requests.RequestException, ValueError):
            return {}
    return content if isinstance(content, dict) and content.get("name") == "impasto" else {}
