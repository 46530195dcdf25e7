"""Work that must not stop the window: requests go out from threads, news comes back on GTK's own."""

import threading
import time

from gi.repository import GLib

import daemon as daemons
from impasto_client import wire

FAREWELL_S = 2.0
"""So long a closing window waits until the daemon has heard what is to be stopped."""


class Runner:
    """Talks to the daemon for one window. Callbacks come on the window's thread, and none after :meth:`close`."""

    def __init__(self, troubled):
        """``troubled(sentence)``: something went wrong that concerns no errand."""
        self._daemon, self._troubled, self._closed, self._urgent = None, troubled, False, []

    def close(self):
        """No news from now on; requests to stop are seen off."""
        self._closed = True
        deadline = time.monotonic() + FAREWELL_S
        for thread in self._urgent:
            thread.join(max(0.0, deadline - time.monotonic()))

    def connect(self, then):
        """Find or start the daemon; ``then()`` once it answers."""

        def work():
            self._daemon = daemons.found_or_started()
            return None

        self._apart(work, lambda _nothing: then())

    def ask(self, request, then, quietly=False):
        """Send one request; ``then(status, body)``. ``quietly``: nobody needs to know that it got no answer."""

        def work():
            try:
                return daemons.send(self._daemon, request)
            except daemons.Lost as lost:
                if quietly:
                    return 0, b""
                raise daemons.Trouble(str(lost))

        return self._apart(work, lambda answer: then(*answer))

    @staticmethod
    def sentence(refused):
        """A :class:`wire.Refused` in words."""
        return daemons.sentence(refused)

    def tell(self, request):
        """Send one request whose answer does not matter, but which has to arrive even if the window closes."""
        if self._daemon is not None:
            self._urgent.append(self.ask(request, lambda status, body: None, quietly=True))

    def carry_out(self, errand, news):
        """Carry an errand out; ``news(errand)`` whenever there is any, and once when it has ended."""
        over = []

        def told(errand):
            if not over:
                over.extend([True] if errand.ended else [])
                news(errand)

        def work():
            self._daemon = daemons.found_or_started()  # it may have gone since it was last asked
            daemons.carry_out(self._daemon, errand, lambda _job: self._later(told, errand))
            return errand

        def failed(sentence):
            errand.give_up(sentence)
            told(errand)

        self._apart(work, told, failed)

    def stop(self, errand, keep):
        """Stop an errand, at once: the thread that carries it out may be waiting for news. ``keep``: what there is."""
        (errand.finish if keep else errand.cancel)()
        if errand.job.get("id"):
            self.tell((wire.finish if keep else wire.cancel)(errand.job["id"]))

    def _apart(self, work, then, failed=None):
        failed = failed or self._troubled

        def run():
            try:
                found = work()
            except daemons.Trouble as trouble:
                self._later(failed, str(trouble))
            except Exception as error:  # a fault of ours must be seen, not die with its thread
                self._later(failed, "%s: %s" % (type(error).__name__, error))
            else:
                self._later(then, found)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        return thread

    def _later(self, function, *arguments):
        def call():
            if not self._closed:
                function(*arguments)
            return GLib.SOURCE_REMOVE

        GLib.idle_add(call)
