"""The daemon on this computer: found by its runtime file, started where it does not run, asked over HTTP."""

import os
import time
import urllib.error
import urllib.request

from impasto_client import messages, places, starter, wire
from translation import _

START_S = 40
"""How long a daemon that was just started may take to answer."""

_starter = starter.Starter(os.path.dirname(os.path.abspath(__file__)))

# Proxies are for the world outside; the daemon is on this machine.
_opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))


class DaemonError(Exception):
    """A sentence for the user: what is wrong with the daemon, and what to do."""


class NoResponse(Exception):
    """A request got no answer."""


def find():
    """The :class:`places.Daemon` that answers, or None."""
    daemons = (checked(places.read_runtime(starter.text_of(file))) for file in _starter.runtime_files())
    return next((daemon for daemon in daemons if daemon), None)


def checked(candidate):
    """``candidate`` if that daemon answers, else None."""
    if candidate is None:
        return None
    challenge = wire.challenge()
    try:
        status, body = send(candidate, wire.health(challenge))
        health = wire.read_json(status, body)
    except (NoResponse, wire.ApiError):
        return None
    if not places.is_instance(candidate, challenge, health):
        return None
    if not places.is_supported(health):
        raise DaemonError(_(messages.OTHER_VERSION).format(version=health.get("version"), editor="gimp"))
    return candidate


def find_or_start(wait=time.sleep):
    """The daemon, started if need be. Raises :class:`DaemonError`. ``wait``: called with seconds between two looks."""
    daemon = find()
    if daemon is not None:
        return daemon
    command = _starter.command()
    if not command:
        raise DaemonError(_(messages.NOT_INSTALLED).format(editor="gimp"))
    try:
        process = _starter.start(command)
    except OSError as error:
        raise DaemonError(_(messages.NOT_INSTALLED).format(editor="gimp") + "\n\n" + str(error))
    deadline, failed = time.monotonic() + START_S, 0
    while time.monotonic() < deadline and failed < 5:  # one that failed may have met another that was just starting: look again
        wait(0.2)
        daemon = find()
        if daemon is not None:
            return daemon
        failed += process.poll() not in (None, 0)
    if _starter.sandboxed():
        raise DaemonError(_(messages.SANDBOXED).format(editor="GIMP", app="org.gimp.GIMP"))
    raise DaemonError(_(messages.NOT_STARTED))


def send(daemon, request):
    """Status and body of the answer to a :class:`wire.Request`. Raises :class:`NoResponse`."""
    headers = wire.headers(request, daemon)
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
        raise NoResponse(str(getattr(error, "reason", error)))


def run(daemon, job_client, on_progress=lambda job: None, pause=time.sleep):
    """Send a job's requests one after another until it has ended; ``on_progress(job)`` after each. Blocks.

    A daemon that has gone in the middle is looked for anew and started again: it goes on with the jobs that it had accepted.
    """
    retries = 1
    while job_client.request is not None:
        try:
            status, body = send(daemon, job_client.request)
        except NoResponse as lost:
            job_client.handle_no_response(str(lost))
            if job_client.request is not None:
                pause(0.5)
                daemon = _find_again(daemon)
            continue
        if status == 401 and retries:  # another one took the place of ours in the meantime: it has a token of its own
            retries, other = 0, find()
            if other is not None and other.token != daemon.token:
                daemon = other
                continue
        job_client.handle_response(status, body)
        if job_client.job:
            on_progress(job_client.job)


def _find_again(daemon):
    try:
        return find_or_start()
    except DaemonError:
        return daemon  # the job client ends by itself, with a sentence
