"""Painting in this process: the report's way into progress and previews, stop-and-keep, and once the real engine."""

from __future__ import annotations

import io
import signal

import numpy as np
import pytest
from impasto import images
from impasto.cli import local, order
from impasto.cli.progress import ProgressLine
from impasto.cli.watch import Watch
from impasto.disk import write_whole
from impasto.errors import Cancelled, OutOfMemory
from impasto.settings import Settings

STEPS = 50


@pytest.fixture
def engine(monkeypatch):
    """A painter without torch. ``calls`` has what it was asked; ``at`` does something at a step."""

    class Engine:
        calls: list = []
        at: dict = {}

        def __call__(self, folder, stylization, output, settings, report, control):
            self.calls = [sorted(f.name for f in folder.iterdir()), stylization, output]
            report("device", device="cpu")
            report("phase", phase="painting")
            for step in range(1, STEPS + 1):
                control.check()
                write_whole(folder / "preview.png", b"preview %d" % step)
                report("preview")
                report("progress", step=step, total=STEPS, fraction=step / STEPS, width=64, height=32)
                self.at.get(step, lambda: None)()
                if control.finishing:
                    report("note", text=f"Stopped at {step}.")
                    break
            control.check()
            (folder / "result.png").write_bytes(b"picture after %d" % step)
            return {"file": "result.png"}

    painter = Engine()
    painter.at = {}
    monkeypatch.setattr("impasto.worker.stylize.run_stylize", painter)
    return painter


def paint(photo, style, **watching):
    said = io.StringIO()
    asked = order.read(str(photo), ["great-wave", str(style)], {"strength": "0.3"}, "png", Settings())
    return local.paint(Settings(), asked, Watch(ProgressLine(said), **watching)), said.getvalue()


def test_the_engine_finds_the_pictures_and_the_parameters(engine, photo, style, folders):
    picture, said = paint(photo, style, preview_to=folders / "p.png")
    assert picture == b"picture after 50"
    assert engine.calls[0] == ["content", "style-1"] and engine.calls[2] == {"format": "png"}
    assert engine.calls[1].style == ("great-wave", "upload:0") and engine.calls[1].strength == 0.3
    assert (folders / "p.png").read_bytes() == b"preview 50"
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
    monkeypatch.setattr("impasto.cli.watch.time.monotonic", lambda: now[0])
    engine.at = {step: lambda: now.__setitem__(0, now[0] + 1) for step in range(1, STEPS)}
    now[0] = 10.0
    picture, _ = paint(photo, style, finish_after=7)
    assert picture == b"picture after 8"


def test_errors_leave_no_folder_behind(photo, style, monkeypatch, tmp_path):
    def fail(folder, *_):
        fail.folder = folder
        raise OutOfMemory("There was not enough memory.")

    monkeypatch.setattr("impasto.worker.stylize.run_stylize", fail)
    with pytest.raises(OutOfMemory):
        paint(photo, style)
    assert not fail.folder.exists()


def test_the_real_engine(impasto, photo, folders, weights_dir):
    """From a file and a style's id to a file, through torch and the real vgg16, with alpha kept bit for bit."""
    flags = ("--no-daemon", "--offline", "--weights-dir", weights_dir, "--cpu-threads", "1")
    told = impasto("stylize", photo, "starry-night", "-o", "out.png", *flags, "--iterations", "2", "--resolution", "48")
    assert told.code == 0, told.err
    before, after = (images.decode((folders / name).read_bytes()) for name in ("photo.png", "out.png"))
    assert after.rgb.shape == before.rgb.shape and np.array_equal(after.alpha, before.alpha)
    assert np.abs(after.rgb - before.rgb).mean() > 0.01
