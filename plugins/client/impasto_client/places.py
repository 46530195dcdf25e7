"""Where the daemon's runtime file lies on each system, what it says, and how the daemon is started. Nothing is read or run here."""

import hashlib
import hmac
import json
import ntpath
import posixpath
from collections import namedtuple

Daemon = namedtuple("Daemon", "url token instance version secret")
"""What the runtime file tells: address (no slash at the end), token, instance id, version, and what the daemon proves itself by."""

Launch = namedtuple("Launch", "serve runtime log environment")
"""What `impasto plugins install` writes down beside the plug-in, in command.json: the command that starts the daemon, where its
runtime file lies, where its output goes, and the IMPASTO_ variables that were set then."""

COMMAND_FILE = "command.json"
SANDBOX_MARK = "/.flatpak-info"
"""This file exists inside a Flatpak, and nowhere else."""

NOT_FOR_THE_DAEMON = ("PYTHONPATH", "PYTHONHOME", "PYTHONNOUSERSITE")
NOT_OUTSIDE_AN_APPIMAGE = ("LD_LIBRARY_PATH", "LD_PRELOAD", "QT_PLUGIN_PATH", "SSL_CERT_FILE")


def runtime_file(platform, environment, home):
    """The path of the runtime file: the same place as the daemon computes with platformdirs.

    ``platform``: sys.platform; ``environment``: os.environ; ``home``: the user's home folder.
    """
    if environment.get("IMPASTO_RUNTIME_DIR"):
        join = ntpath.join if platform == "win32" else posixpath.join
        return join(environment["IMPASTO_RUNTIME_DIR"], "daemon.json")
    return _default(platform, environment, home)


def runtime_files(platform, environment, home, launch=None):
    """Where the runtime file may lie, in the order in which to look.

    An editor in a sandbox has folders of its own, while the daemon outside writes to the user's: what the installer wrote down
    comes before what would be computed here, and the user's plain folder last. IMPASTO_RUNTIME_DIR, where set, is obeyed alone.
    """
    first = runtime_file(platform, environment, home)
    if environment.get("IMPASTO_RUNTIME_DIR"):
        return [first]
    places = [launch.runtime if launch and launch.runtime else first, first, _default(platform, {}, home)]
    return sorted(set(places), key=places.index)


def _default(platform, environment, home):
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
        payload = json.loads(text)
        values = [payload[name] for name in Daemon._fields]
    except (ValueError, KeyError, TypeError):
        return None
    if not all(isinstance(value, str) for value in values) or not values[0].startswith("http://"):
        return None
    return Daemon(values[0].rstrip("/"), *values[1:])


def is_instance(daemon, challenge, health):
    """Whether what answers at a :class:`Daemon`'s address is that daemon. ``health``: its response to :func:`wire.health`.

    Anybody can answer with the instance id, which is no secret; the proof takes the secret of the runtime file.
    """
    proof = hmac.new(daemon.secret.encode("utf-8"), b"impasto " + challenge.encode("ascii"), hashlib.sha256).hexdigest()
    given = health.get("proof") if isinstance(health, dict) else None
    return (
        bool(daemon.secret)
        and isinstance(given, str)
        and hmac.compare_digest(given.encode("utf-8", "replace"), proof.encode("ascii"))
    )


def is_supported(health):
    """Whether a daemon speaks the API that this client speaks: /v1."""
    return str(health.get("version", "")).startswith(("0.", "1."))


def read_launch(text):
    """The :class:`Launch` that a command.json tells of, or None where it is no such file. Unknown and odd parts are left out."""
    try:
        payload = json.loads(text)
        serve, files, environment = payload["serve"], [payload.get("runtime"), payload.get("log")], payload.get("environment")
    except (ValueError, KeyError, TypeError, AttributeError):
        return None
    if not isinstance(serve, list) or not serve or not all(isinstance(word, str) for word in serve):
        return None
    pairs = environment.items() if isinstance(environment, dict) else ()
    runtime, log = (file if isinstance(file, str) else "" for file in files)
    return Launch(
        serve,
        runtime,
        log,
        {name: value for name, value in pairs if name.startswith("IMPASTO_") and isinstance(value, str)},
    )


def program_folders(platform, environment, home):
    """Where the `impasto` command may lie: the path, and where pip and pipx put it, which an editor's path often lacks."""
    more = {
        "win32": [ntpath.join(home, ".local", "bin")],
        "darwin": [home + "/.local/bin", "/opt/homebrew/bin", "/usr/local/bin"],
    }.get(platform, [home + "/.local/bin"])
    return (";" if platform == "win32" else ":").join([environment.get("PATH", "")] + more)


def from_a_sandbox(launch, home):
    """The command that starts the daemon from inside a Flatpak, where the editor has the permission of messages.SANDBOXED."""
    given = ["--env=%s=%s" % pair for pair in sorted(launch.environment.items())]
    return ["flatpak-spawn", "--host", "--directory=" + home] + given + launch.serve


def daemon_environment(environment, launch=None):
    """The environment to start the daemon in: the editor's without what would lead another Python astray."""
    unwanted = NOT_FOR_THE_DAEMON + (NOT_OUTSIDE_AN_APPIMAGE if environment.get("APPIMAGE") else ())
    kept = {name: value for name, value in environment.items() if name not in unwanted}
    return dict(kept, **(launch.environment if launch else {}))
