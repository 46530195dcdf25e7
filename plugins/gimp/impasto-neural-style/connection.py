"""Requests to the daemon that do not block the window: sent from threads, with callbacks on GTK's main loop."""

import threading
import time

from gi.repository import GLib

import daemon as daemons
from impasto_client import wire

CLOSING_S = 2.0
"""How long a closing window waits until its requests to stop have been sent."""


class Connection:
    """Talks to the daemon for one window. Callbacks come on the window's thread, and none after :meth:`close`."""

    def __init__(self, on_error):
        """``on_error(sentence)``: something went wrong that concerns no job."""
        self._daemon, self._on_error, self._closed, self._last_requests = None, on_error, False, []

    def close(self):
        """No callbacks from now on; requests to stop are still sent."""
        self._closed = True
        deadline = time.monotonic() + CLOSING_S
        for thread in self._last_requests:
            thread.join(max(0.0, deadline - time.monotonic()))

    def connect(self, then):
        """Find or start the daemon; ``then()`` once it answers."""

        def work():
            self._daemon = daemons.find_or_start()
            return None

        self._in_thread(work, lambda _nothing: then())

    def ask(self, request, then, quietly=False):
        """Send one request; ``then(status, body)``. ``quietly``: no error is shown where it got no response.

        Where the daemon has gone, it is looked for anew and asked again, unless quietly or to change something.
        """

        def work():
            try:
                return daemons.send(self._daemon, request)
            except daemons.NoResponse as error:
                if quietly:
                    return 0, b""
                if request.method != "GET":
                    raise daemons.DaemonError(str(error))
            try:
                self._daemon = daemons.find_or_start()
                return daemons.send(self._daemon, request)
            except daemons.NoResponse as error:
                raise daemons.DaemonError(str(error))

        return self._in_thread(work, lambda answer: then(*answer))

    def send(self, request):
        """Send one request whose answer does not matter, but which has to arrive even if the window closes."""
        if self._daemon is not None:
            self._last_requests.append(self.ask(request, lambda status, body: None, quietly=True))

    def run(self, job_client, changed):
        """Send a job's requests until it has ended; ``changed(job_client)`` whenever it has changed, and once at the end."""
        over = []

        def notify(job_client):
            if not over:
                over.extend([True] if job_client.ended else [])
                changed(job_client)

        def work():
            self._daemon = daemons.find_or_start()  # it may have gone since it was last asked
            daemons.run(self._daemon, job_client, lambda _job: self._on_main_loop(notify, job_client))
            return job_client

        def failed(sentence):
            job_client.fail(sentence)
            notify(job_client)

        self._in_thread(work, notify, failed)

    def stop(self, job_client, keep):
        """Stop a job, at once: the thread that carries it out may be waiting for the job's next change. ``keep``: what there is."""
        (job_client.finish if keep else job_client.cancel)()
        if job_client.job.get("id"):
            self.send((wire.finish if keep else wire.cancel)(job_client.job["id"]))

    def discard(self, job_client):
        """Stop a job of which nothing is wanted, and have the daemon forget it."""
        job_client.cancel()
        if not job_client.job.get("id"):
            return  # it is stopped as soon as the daemon has said what it is called

        def work():
            try:
                for request in (wire.cancel(job_client.job["id"]), wire.remove(job_client.job["id"])):
                    daemons.send(self._daemon, request)
            except daemons.NoResponse:
                pass  # a daemon that has gone forgets it by itself, in time

        self._last_requests.append(self._in_thread(work, lambda _nothing: None))

    def _in_thread(self, work, then, failed=None):
        failed = failed or self._on_error

        def run():
            try:
                found = work()
            except daemons.DaemonError as error:
                self._on_main_loop(failed, str(error))
            except Exception as error:  # a fault of ours must be seen, not die with its thread
                self._on_main_loop(failed, "%s: %s" % (type(error).__name__, error))
            else:
                self._on_main_loop(then, found)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def _on_main_loop(self, function, *arguments):
        def call():
            if not self._closed:
                function(*arguments)
            return GLib.SOURCE_REMOVE

        GLib.idle_add(call)
