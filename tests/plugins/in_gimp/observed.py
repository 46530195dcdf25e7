"""Added to the plug-in of a test: the window writes down, ten times a second, what a user sees of it."""

import json
import os

from gi.repository import GLib

EVERY_MS = 100


def observe(Window):
    """From now on, a window of this class tells of itself in ``window.json``; ``opened``: how many there have been by then."""
    begin = Window.__init__

    def observed(self, *arguments):
        begin(self, *arguments)
        opened = _read().get("opened", 0) + 1
        GLib.timeout_add(EVERY_MS, lambda: _write(dict(_describe(self), opened=opened)))

    Window.__init__ = observed


def _describe(window):
    parts, preview = window._parts, window._preview
    shown = preview._renderer._current
    return {
        "listens": parts.dialog.is_active() or any(one.is_active() for one in parts.dialog.list_toplevels()),
        "can_paint": parts._paint.get_sensitive() and parts._paint.get_visible(),
        "running": window._painter.running,
        "settled": not preview._timer,
        "preview": shown.job_client.state if shown is not None else "",
        "inserted": window.inserter.newest is not None and window.inserter.newest.get_id(),
        "status": parts.status.get_text(),
        "message": parts.message_bar._label.get_text() if parts.message_bar.get_visible() else "",
        "training": parts.training_bar._label.get_text() if parts.training_bar.get_visible() else "",
    }


def _file(end):
    return os.path.join(os.environ["LAB"], "window." + end)


def _read():
    try:
        with open(_file("json"), encoding="utf-8") as file:
            return json.load(file)
    except FileNotFoundError:
        return {}


def _write(state):
    with open(_file("part"), "w", encoding="utf-8") as file:
        json.dump(state, file)
    os.replace(_file("part"), _file("json"))
    return GLib.SOURCE_CONTINUE
