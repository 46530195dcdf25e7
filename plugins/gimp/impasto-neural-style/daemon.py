"""The daemon on this computer: found by its runtime file, started where it does not run, asked over HTTP."""

import os
import time
import urllib.error
import urllib.request

from impasto_client import places, starter, wire, words
from texts import _

START_S = 40
"""So long a daemon that was just started may take to answer."""

_starter = starter.Starter(os.path.dirname(os.path.abspath(__file__)))

# Proxies are for the world outside; the daemon is on this machine.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class Trouble(Exception):
    """A sentence for the user: what is wrong with the daemon, and what to do."""


class Lost(Exception):
    """A request got no answer."""


def found():
    """The :class:`places.Daemon` that answers, or None."""
    daemons = (answering(places.read_runtime(starter.text_of(file))) for file in _starter.runtime_files())
    return next((daemon for daemon in daemons if daemon), None)


def answering(told):
    """``told`` if that daemon answers, else None."""
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
    command = _starter.command()
    if not command:
        raise Trouble(_(words.NOT_INSTALLED).format(editor="gimp"))
    try:
        process = _starter.start(command)
    except OSError as error:
        raise Trouble(_(words.NOT_INSTALLED).format(editor="gimp") + "\n\n" + str(error))
    deadline, failed = time.monotonic() + START_S, 0
    while time.monotonic() < deadline and failed < 5:  # one that failed may have met another that was just starting: look again
        wait(0.2)
        daemon = found()
        if daemon is not None:
            return daemon
        failed += process.poll() not in (None, 0)
    if _starter.sandboxed():
        raise Trouble(_(words.SANDBOXED).format(editor="GIMP", app="org.gimp.GIMP"))
    raise Trouble(_(words.NOT_STARTED))


def send(daemon, request):
    """Status and body of the answer to a :class:`wire.Request`. Raises :class:`Lost`."""
    headers = dict(request.headers, Authorization="Bearer " + daemon.token)
    if isinstance(request.body, list):  # sent piece by piece, whose length urllib cannot know
        headers["Content-Length"] = str(sum(map(len, request.body)))
    sent = urllib.request.Request(
        daemon.url + request.path, data=request.body if request.method == "POST" else None, headers=headers, method=request.method
    )
    try:
        with _opener.open(sent, timeout=request.timeout) as answer:
            return answer.status, answer.read()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.read()
    except (OSError, ValueError) as error:  # URLError is an OSError; http.client's own errors are ValueErrors or OSErrors
        raise Lost(str(getattr(error, "reason", error)))


def sentence(refused):
    """A :class:`wire.Refused` in words."""
    return _(words.WRONG_TOKEN) if refused.status == 401 else refused.sentence()


def carry_out(daemon, errand, told=lambda job: None, pause=time.sleep):
    """Send an errand's requests one after another until it has ended; ``told(job)`` after each. Blocks.

    A daemon that has gone in the middle is looked for anew and started again: it goes on with the jobs that it had accepted.
    """
    forgiven = 1
    while errand.request is not None:
        try:
            status, body = send(daemon, errand.request)
        except Lost as lost:
            errand.lost(str(lost))
            if errand.request is not None:
                pause(0.5)
                daemon = _again(daemon)
            continue
        if status == 401 and forgiven:  # another one took the place of ours in the meantime: it has a token of its own
            forgiven, other = 0, found()
            if other is not None and other.token != daemon.token:
                daemon = other
                continue
        errand.answered(status, body)
        if errand.job:
            told(errand.job)


def _again(daemon):
    try:
        return found_or_started()
    except Trouble:
        return daemon  # the errand gives up by itself, in words of its own
