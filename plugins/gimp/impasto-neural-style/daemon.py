"""The daemon on this computer: found by its runtime file, started where it does not run, asked over HTTP."""

import json
import os
import shutil
import subprocess
import sys
import time
import urllib.error
import urllib.request

from impasto_client import places, wire, words
from texts import _

START_S = 40
"""So long a daemon that was just started may take to answer."""

COMMAND_FILE = os.path.join(os.path.dirname(os.path.abspath(__file__)), "command.json")
"""Written by `impasto plugins install`: how to start the daemon."""

# Proxies are for the world outside; the daemon is on this machine.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Trouble(Exception):
    """A sentence for the user: what is wrong with the daemon, and what to do."""


class Lost(Exception):
    """A request got no answer."""


def found():
    """The :class:`places.Daemon` that answers, or None."""
    file = places.runtime_file(sys.platform, os.environ, os.path.expanduser("~"))
    try:
        with open(file, encoding="utf-8") as opened:
            told = places.read_runtime(opened.read(16384))
    except (OSError, ValueError):
        return None
    if told is None:
        return None
    try:
        status, body = send(told, wire.health())
        said = wire.read(status, body)
    except (Lost, wire.Refused):
        return None
    if said.get("instance") != told.instance:
        return None
    if not str(said.get("version", "")).startswith(("0.", "1.")):
        raise Trouble(_(words.OTHER_VERSION).format(version=said.get("version"), editor="gimp"))
    return told


def found_or_started(wait=time.sleep):
    """The daemon, started if need be. Raises :class:`Trouble`. ``wait``: called with seconds between two looks."""
    daemon = found()
    if daemon is not None:
        return daemon
    command = start_command()
    if not command:
        raise Trouble(_(words.NOT_INSTALLED).format(editor="gimp"))
    start(command)
    deadline = time.monotonic() + START_S
    while time.monotonic() < deadline:
        wait(0.2)
        daemon = found()
        if daemon is not None:
            return daemon
    raise Trouble(_(words.NOT_STARTED).format(seconds=START_S))


def start_command():
    """How to start the daemon: as the installer wrote it down, else by what is on the path; empty where it is not installed."""
    try:
        with open(COMMAND_FILE, encoding="utf-8") as opened:
            command = json.load(opened)["serve"]
        if os.path.exists(command[0]):
            return command
    except (OSError, ValueError, KeyError, IndexError, TypeError):
        pass  # written by hand, or by nobody: the path is the second place to look
    known = shutil.which("impasto")
    return [known, "serve"] if known else []


def start(command):
    """Start the daemon so that it outlives this plug-in and GIMP."""
    # GIMP's own Python settings would reach into the daemon's.
    environment = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    apart = {"creationflags": 0x00000008 | 0x08000000} if sys.platform == "win32" else {"start_new_session": True}
    try:
        subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, env=environment,
                         close_fds=True, **apart)
    except OSError as error:
        raise Trouble(_(words.NOT_INSTALLED).format(editor="gimp") + "\n\n" + str(error))


def send(daemon, request):
    """Status and body of the answer to a :class:`wire.Request`. Raises :class:`Lost`."""
    headers = dict(request.headers, Authorization="Bearer " + daemon.token)
    sent = urllib.request.Request(daemon.url + request.path, data=request.body if request.method == "POST" else None,
                                  headers=headers, method=request.method)
    try:
        with _opener.open(sent, timeout=request.timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except (OSError, ValueError) as error:  # URLError is an OSError; http.client's own errors are ValueErrors or OSErrors
        raise Lost(str(getattr(error, "reason", error)))


def carry_out(daemon, errand, told=lambda job: None, pause=time.sleep):
    """Send an errand's requests one after another until it has ended; ``told(job)`` after each. Blocks."""
    while errand.request is not None:
        try:
            errand.answered(*send(daemon, errand.request))
        except Lost as lost:
            errand.lost(str(lost))
            pause(0.5)
        if errand.job:
            told(errand.job)
