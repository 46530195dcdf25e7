"""One line that says how far a job is, and a watch that knows what the user wants."""

from __future__ import annotations

import io
import signal

import pytest
from impasto.cli.progress import ProgressLine, clock, describe
from impasto.cli.progress_watcher import CANCEL, FINISH, NOTHING, ProgressWatcher

PAINTING = {
    "state": "running",
    "phase": "painting",
    "step": 90,
    "total": 200,
    "fraction": 0.45,
    "width": 512,
    "height": 384,
    "eta": 83.4,
    "position": 0,
}


WAITING = {"state": "queued", "phase": "waiting", "position": 2}


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(
    "job, words",
    [
        (PAINTING, ["painting", "[###########-------------]  45%", "step 90 of 200", "512 x 384 px", "1:23 left"]),
        ({**PAINTING, "eta": None}, ["step 90 of 200"]),
        ({"state": "queued", "phase": "waiting", "position": 3}, ["waiting, number 3 in the queue"]),
        ({**WAITING, "waiting_for": {"kind": "stylize", "title": "Starry"}}, ["number 2 in the queue, behind Starry"]),
        ({**WAITING, "waiting_for": {"kind": "train", "title": "Starry"}}, ["number 2 in the queue, behind learning Starry"]),
        ({"phase": "fetching weights", "done_bytes": 11e6, "total_bytes": 55e6}, ["fetching weights", "20%", "11 of 55 MB"]),
        ({"state": "running"}, ["running"]),
        ({**PAINTING, "phase": "paused", "eta": None}, ["paused", "45%"]),
        ({**WAITING, "phase": "paused"}, ["paused, number 2 in the queue"]),
        ({**PAINTING, "phase": "saving"}, ["saving"]),
    ],
)
def test_what_a_line_says(job, words):
    line = describe(job)
    assert all(word in line for word in words), line


@pytest.mark.parametrize("seconds, text", [(0, "0:00"), (59.6, "1:00"), (83, "1:23"), (7509, "2:05:09"), (-3, "0:00")])
def test_clock(seconds, text):
    assert clock(seconds) == text


def test_on_a_terminal_the_line_is_drawn_over_itself():
    terminal = Terminal()
    line = ProgressLine(terminal)
    line.show({**PAINTING, "phase": "a long phase that is over"})
    line.show({"phase": "saving"})
    line.close()
    shown = terminal.getvalue()
    assert shown.count("\n") == 1 and shown.endswith("\n")
    assert shown.split("\r")[2].rstrip("\n").strip() == "saving" and len(shown.split("\r")[2]) >= len(shown.split("\r")[1])


def test_elsewhere_a_line_comes_with_each_phase_and_then_seldom():
    stream = io.StringIO()
    line = ProgressLine(stream)
    for step in range(50):
        line.show({**PAINTING, "step": step + 1})
    line.show({"phase": "saving"})
    assert len(stream.getvalue().splitlines()) == 2 and "\r" not in stream.getvalue()


def test_quiet_says_nothing():
    stream = Terminal()
    line = ProgressLine(stream, quiet=True)
    line.show(PAINTING)
    line.say("Wrote it.")
    assert stream.getvalue() == ""


def quiet_watch(**more):
    return ProgressWatcher(ProgressLine(io.StringIO(), quiet=True), **more)


def press():
    signal.raise_signal(signal.SIGINT)


def test_ctrl_c_keeps_then_discards_then_tears():
    watch, heard = quiet_watch(), []
    before = signal.getsignal(signal.SIGINT)  # a shell's background jobs are born ignoring it
    with pytest.raises(KeyboardInterrupt), watch.interrupts(lambda: heard.append(watch.stop_request)):
        watch.update(PAINTING)
        assert watch.stop_request == NOTHING
        press()
        press()
        assert heard == [FINISH, CANCEL]
        press()
    assert signal.getsignal(signal.SIGINT) is before


def test_ctrl_c_before_the_first_step_discards_for_there_is_nothing_to_keep():
    watch = quiet_watch()
    with watch.interrupts():
        watch.update({"phase": "fetching weights", "step": 0})
        press()
        assert watch.stop_request == CANCEL


def test_finish_after_counts_from_the_first_step(monkeypatch):
    now = [100.0]
    monkeypatch.setattr("time.monotonic", lambda: now[0])
    watch = quiet_watch(finish_after=10)
    now[0] = 500.0
    assert watch.stop_request == NOTHING
    watch.update(PAINTING)
    now[0] = 509.9
    assert watch.stop_request == NOTHING
    now[0] = 510.0
    assert watch.stop_request == FINISH


def test_each_new_preview_is_written_once(tmp_path):
    fetched = []

    def preview():
        fetched.append(len(fetched))
        return b"preview %d" % len(fetched)

    watch = quiet_watch(preview_to=tmp_path / "p.png")
    for number in (0, 1, 1, 2):
        watch.update({**PAINTING, "preview": number}, preview)
    assert (tmp_path / "p.png").read_bytes() == b"preview 2" and len(fetched) == 2
