"""Painting in this process: the report's way into progress and previews, stop-and-keep, and once the real engine."""

from __future__ import annotations

import io
import signal
from types import SimpleNamespace

import numpy as np
import pytest
from impasto import images
from impasto.cli import local, stylize_request
from impasto.cli.progress import ProgressLine
from impasto.cli.progress_watcher import ProgressWatcher
from impasto.errors import Cancelled, OutOfMemory
from impasto.settings import Settings
from worker.negative import Progress

STEPS = 50


@pytest.fixture
def engine(monkeypatch):
    """A painter without torch. ``calls`` has what it was asked; ``at`` does something at a step."""

    class Painter:
        calls: list = []
        at: dict = {}

        def __call__(self, engine, stylization, read_content, read_style, output, observer):
            self.calls = [stylization, read_content(), [read_style(position) for position in range(2)], output]
            observer.phase("painting")
            for step in range(1, STEPS + 1):
                observer.check()
                if observer.wants_previews:
                    observer.preview(np.full((16, 16, 3), step / 255, np.float32), None)
                observer.progress(Progress(step, STEPS, step / STEPS, {}))
                self.at.get(step, lambda: None)()
                if observer.finishing:
                    observer.note(f"Stopped at {step}.")
                    break
            observer.check()
            return SimpleNamespace(data=b"picture after %d" % step)

    painter = Painter()
    monkeypatch.setattr("impasto.methods.encoded.stylize_encoded", painter)
    monkeypatch.setattr("impasto.engine.engine.Engine", lambda settings: None)
    return painter


def paint(photo, style, **watching):
    said = io.StringIO()
    asked = stylize_request.read(str(photo), ["great-wave", str(style)], {"strength": "0.3"}, "png", Settings())
    return local.paint(Settings(), asked, ProgressWatcher(ProgressLine(said), **watching)), said.getvalue()


def test_the_engine_finds_the_pictures_and_the_parameters(engine, photo, style, folders):
    picture, said = paint(photo, style, preview_to=folders / "p.png")
    assert picture == b"picture after 50"
    asked, content, styles, output = engine.calls
    assert asked.style == ("great-wave", "upload:0") and asked.strength == 0.3 and output == {"format": "png"}
    assert content == photo.read_bytes() and styles == [None, style.read_bytes()]
    assert images.decode((folders / "p.png").read_bytes()).rgb.max() * 255 == pytest.approx(50)
    assert "painting" in said


def test_ctrl_c_keeps(engine, photo, style):
    engine.at = {5: lambda: signal.raise_signal(signal.SIGINT)}
    picture, said = paint(photo, style)
    assert picture == b"picture after 5" and "note: Stopped at 5." in said


def test_ctrl_c_twice_discards(engine, photo, style):
    engine.at = {5: lambda: [signal.raise_signal(signal.SIGINT) for _ in range(2)]}
    with pytest.raises(Cancelled):
        paint(photo, style)


def test_finish_after(engine, photo, style, monkeypatch):
    now = [0.0]
    monkeypatch.setattr("impasto.cli.progress_watcher.time.monotonic", lambda: now[0])
    engine.at = {step: lambda: now.__setitem__(0, now[0] + 1) for step in range(1, STEPS)}
    now[0] = 10.0
    picture, _ = paint(photo, style, finish_after=7)
    assert picture == b"picture after 7"


def test_errors_are_raised_as_they_are(photo, style, monkeypatch):
    def fail(*_):
        raise OutOfMemory("There was not enough memory.")

    monkeypatch.setattr("impasto.methods.encoded.stylize_encoded", fail)
    with pytest.raises(OutOfMemory):
        paint(photo, style)


@pytest.mark.slow
def test_the_real_engine(impasto, photo, folders, weights_dir):
    """From a file and a style's id to a file, through torch and the real vgg16, with alpha kept bit for bit."""
    flags = ("--no-daemon", "--offline", "--weights-dir", weights_dir, "--cpu-threads", "1")
    reply = impasto("stylize", photo, "starry-night", "-o", "out.png", *flags, "--iterations", "2", "--resolution", "48")
    assert reply.code == 0, reply.err
    before, after = (images.decode((folders / name).read_bytes()) for name in ("photo.png", "out.png"))
    assert after.rgb.shape == before.rgb.shape and np.array_equal(after.alpha, before.alpha)
    assert np.abs(after.rgb - before.rgb).mean() > 0.01
