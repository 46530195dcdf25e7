"""Where the daemon's runtime file lies on each system, and what it says. Nothing is read here."""

import json
import ntpath
import posixpath
from collections import namedtuple

Daemon = namedtuple("Daemon", "url token instance version")
"""Address without a slash at the end, token, instance id and version, as the runtime file tells them."""


def runtime_file(platform, environment, home):
    """The path of the runtime file: the same place as the daemon computes with platformdirs.

    ``platform``: sys.platform; ``environment``: os.environ; ``home``: the user's home folder.
    """
    if environment.get("IMPASTO_RUNTIME_DIR"):
        join = ntpath.join if platform == "win32" else posixpath.join
        return join(environment["IMPASTO_RUNTIME_DIR"], "daemon.json")
    if platform == "win32":
        data = environment.get("LOCALAPPDATA") or ntpath.join(home, "AppData", "Local")
        return ntpath.join(data, "impasto", "run", "daemon.json")
    if platform == "darwin":
        return posixpath.join(home, "Library", "Application Support", "impasto", "run", "daemon.json")
    data = environment.get("XDG_DATA_HOME") or posixpath.join(home, ".local", "share")
    return posixpath.join(data, "impasto", "run", "daemon.json")


def read_runtime(text):
    """The :class:`Daemon` that a runtime file tells of, or None where it is no such file."""
    try:
        told = json.loads(text)
        values = [told[name] for name in Daemon._fields]
    except (ValueError, KeyError, TypeError):
        return None
    if not all(isinstance(value, str) for value in values) or not values[0].startswith("http://"):
        return None
    return Daemon(values[0].rstrip("/"), *values[1:])
