"""The plug-in's window in a real GIMP, on a screen of its own, used by keyboard and mouse; the daemon tells what it was asked."""

from __future__ import annotations

import base64
import json
import os
import shutil
import signal
import tempfile
import time
from pathlib import Path

import pytest
from api.conftest import INSTANCE, TOKEN, start
from api.pictures import png
from api.script import FAILS, REFINES

from .cases import all_well
from .gimp_lab import Lab, screen, why_not_window

TESTS = Path(__file__).resolve().parents[1]
pytestmark = [pytest.mark.slow, pytest.mark.timeout(900)]  # the first of them may build a chroot
PHOTO = TESTS.parent / "examples/moraine-lake.jpg"
TITLE = "^Neural Style$"
LONG = {"iterations": 5000, "step_size": 0.02, "method": "iterative"}


class Desk:
    """A screen with one GIMP on it, and the window of Neural Style."""

    def __init__(self, lab: Lab, display: int, daemon, **options: object) -> None:
        self.lab, self.display, self.daemon = lab, display, daemon
        shutil.copyfile(PHOTO, lab.outside / "photo.jpg")
        lab.introduce(daemon.url, TOKEN, INSTANCE)
        files = tuple(filter(None, [options.get("picture")]))
        self.process = lab.start_window(options.pop("script", "window"), display, files=files, **options)

    def do(self, *words: str) -> str:
        return self.lab.do(self.display, *words)

    def key(self, *keys: str) -> None:
        self.do("key", *keys)

    def has(self, title: str) -> bool:
        return bool(self.do("search", "--onlyvisible", "--name", title).strip())

    def until(self, what, within: float = 90):
        """Wait for something, and answer it."""
        deadline = time.monotonic() + within
        while not (found := what()):
            assert self.process.poll() is None, self.process.stdout.read().decode("utf-8", "replace")[-3000:]
            if time.monotonic() > deadline:
                kept = Path(tempfile.gettempdir()) / "impasto-late.png"
                shutil.copyfile(self.lab.screenshot(self.display, "late"), kept)
                raise AssertionError(f"it took too long; {kept} shows the screen")
            time.sleep(0.1)
        return found

    def window(self) -> dict:
        """What the newest window last told of itself, see `in_gimp/observed.py`; nothing as long as there is none."""
        file = self.lab.outside / "window.json"
        return json.loads(file.read_text(encoding="utf-8")) if file.exists() else {}

    def opened(self, times: int = 1) -> Desk:
        """Wait for the window, the ``times``-th, until it listens and can paint."""
        self.until(lambda: (seen := self.window()).get("opened") == times and seen["listens"] and seen["can_paint"], within=120)
        return self

    def previewed(self) -> Desk:
        """Wait until the preview is seen."""
        self.until(lambda: (seen := self.window())["settled"] and seen["preview"] == "done")
        return self

    def painted(self, other_than: object = False) -> object:
        """Wait until a layer ``other_than`` this one is in the image; its id."""
        return self.until(lambda: (seen := self.window())["can_paint"] and seen["inserted"] != other_than and seen["inserted"])

    def says(self, words: str) -> None:
        """Wait until the window says that."""
        self.until(lambda: words in (seen := self.window())["status"] + seen["message"] + seen["training"])

    def front(self, title: str = TITLE) -> Desk:
        """The window has the keyboard."""
        self.do("search", "--onlyvisible", "--name", title, "windowfocus", "--sync")
        return self

    def answer(self, question: str, key: str) -> None:
        """Wait for a question, and answer it."""
        self.until(lambda: self.has(question))
        while self.has(question):  # shown, but perhaps not listening yet
            self.front(question).key(key)
            time.sleep(0.3)

    def jobs(self, kind: str = "stylize", *states: str) -> list:
        return [job for job in self.daemon.manager.jobs() if job.kind == kind and (not states or job.state in states)]

    def image(self, closed: int = 1) -> dict:
        """What the script in GIMP last wrote down, after the window was closed so often."""

        def written():
            file = self.lab.outside / "image.json"
            found = json.loads(file.read_text()) if file.exists() else {"closed": 0}
            return found if found["closed"] >= closed else None

        return self.until(written)

    def layers(self) -> list[str]:
        return [layer["name"] for layer in self.image()["layers"]]

    def to_the_image(self, *keys: str) -> None:
        self.do("search", "--onlyvisible", "--name", "GIMP$", "windowactivate", "--sync")
        self.key(*keys)

    def leave(self) -> None:
        (self.lab.outside / "enough").touch()
        try:
            self.process.wait(10)
        except Exception:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(10)


@pytest.fixture
def desk(gimp, request):
    """A function that opens GIMP and the window. It takes what the script in GIMP is given, and the daemon."""
    reason = why_not_window(gimp)
    if reason:
        pytest.skip(reason)
    lab, made = Lab.make(gimp), []
    with screen(gimp) as display:

        def begin(daemon, **options):
            made.append(Desk(lab, display, daemon, **options))
            return made[-1]

        yield begin
        for one in made:
            one.leave()
    shutil.rmtree(lab.outside, ignore_errors=True)


@pytest.fixture
def patient(tmp_path, monkeypatch):
    """A daemon whose work lasts as long as one lets it."""
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, [str(TESTS), os.environ.get("PYTHONPATH")])))
    running, stop = start(tmp_path, work="plugins.work:table", max_upload_mb=64)
    yield running
    stop()


def test_what_is_previewed_is_what_comes_and_one_undo_takes_it_out(desk, painter):
    before = {job.id for job in painter.manager.jobs()}

    def new(*states):
        return [job.id for job in at.jobs("stylize", *states) if job.id not in before]

    at = desk(painter, picture="photo.jpg", times=2).opened().previewed()
    (unused,) = new("done")
    at.key("Escape")
    at.image(1)
    at.until(lambda: unused not in new())  # a preview that was not taken is no result
    at.opened(2).previewed()
    (preview,) = new("done")
    at.key("alt+p")
    at.painted()
    assert new() == [preview], "the preview was the whole picture, so nothing was painted twice"
    at.key("Escape")
    assert at.image(2)["layers"][0]["recipe"] and at.layers() == ["The Starry Night", "photo.jpg"]
    at.to_the_image("ctrl+z")
    at.until(lambda: at.layers() == ["photo.jpg"])
    at.to_the_image("ctrl+y")
    at.until(lambda: at.layers() == ["The Starry Night", "photo.jpg"])


def test_a_part_is_previewed_at_the_scale_of_the_painting(desk, painter):
    before = {job.id for job in painter.manager.jobs()}
    at = desk(painter, picture="photo.jpg", size=[1600, 1200], values={"resolution": 1400}).opened().previewed()
    preview = at.until(lambda: [job for job in at.jobs("stylize", "done") if job.id not in before])[0]
    assert 700_000 < preview.width * preview.height <= 800_000, "as much as can be painted in seconds, of more at its own size"
    assert preview.parameters["resolution"] == preview.width == 1032
    at.key("Escape")
    at.image(1)
    at.until(lambda: {job.id for job in at.jobs()} <= before)


def test_stop_and_keep_then_discard(desk, patient):
    at = desk(patient, values=LONG).opened()
    at.key("alt+p")
    job = at.until(lambda: [job for job in at.jobs("stylize", "running") if job.step > 5])[0]
    at.key("alt+k")
    kept = at.until(lambda: at.jobs("stylize", "done"))[0]
    assert kept.id == job.id and kept.result["finished_early"]
    first = at.painted()
    at.key("alt+p")
    other = at.until(lambda: [job for job in at.jobs("stylize", "running") if job.step > 5])[0]
    at.key("alt+d")
    at.until(lambda: at.jobs("stylize", "cancelled"))
    assert patient.manager.get(other.id).state == "cancelled"
    at.until(lambda: at.window()["can_paint"])
    at.key("alt+p")
    at.until(lambda: [job for job in at.jobs("stylize", "running") if job.step > 5])
    at.key("alt+k")
    at.painted(other_than=first)
    at.key("Escape")
    layers = at.image()["layers"]
    assert len(layers) == 3 and layers[-1]["name"] == "content" and all(layer["source"] == "content" for layer in layers[:2])
    assert layers[0]["id"] > layers[1]["id"], "the newest is on top, where it is seen"


def test_to_close_while_it_paints_is_asked_about_and_discards(desk, patient):
    at = desk(patient, values=LONG).opened()
    at.key("alt+p")
    at.until(lambda: [job for job in at.jobs("stylize", "running") if job.step > 5])
    at.key("Escape")
    at.answer("^Discard the painting", "alt+k")  # keep painting
    assert at.has(TITLE) and at.jobs("stylize", "running")
    at.front().key("Escape")
    at.answer("^Discard the painting", "alt+d")
    at.until(lambda: at.jobs("stylize", "cancelled"))
    assert at.layers() == ["content"]


def test_after_a_failure_it_goes_on(desk, patient):
    at = desk(patient, values={"seed": FAILS, "method": "iterative"}).opened()
    for times in (1, 2):
        at.key("alt+p")
        at.until(lambda times=times: len(at.jobs("stylize", "failed")) == times and at.window()["can_paint"])
    at.key("Escape")
    assert at.layers() == ["content"]


def test_learning_goes_on_when_the_window_is_closed_and_is_shown_again(desk, patient):
    at = desk(patient, values=LONG, times=2).opened()
    at.key("alt+l")
    at.answer("^Learn a Style$", "alt+l")
    job = at.until(lambda: [job for job in at.jobs("train", "running") if job.step > 2])[0]
    assert job.parameters["name"]
    at.front().key("Escape")
    at.image(1)
    assert at.jobs("train", "running")
    at.opened(2).says("Learning")
    before = at.window()["training"]
    at.until(lambda: at.window()["training"] not in ("", before))  # progress is seen again
    at.key("Escape")
    at.image(2)
    assert at.jobs("train", "running")


def test_a_painted_layer_is_painted_again_from_its_source_by_its_recipe(desk, patient):
    chosen, values = [20, 10, 90, 70], {"iterations": 3, "step_size": 0.01, "strength": 0.7}
    at = desk(patient, values=values, times=2, repeat=True, select=chosen).opened()
    at.key("alt+p")
    at.painted()
    at.key("Escape")
    at.image(1)
    at.opened(2)
    at.key("alt+p")
    first, second = at.until(lambda: len(done := at.jobs("stylize", "done")) == 2 and done)
    assert first.parameters == second.parameters and second.parameters["strength"] == 0.7
    at.painted()
    at.key("Escape")
    third = at.until(lambda: len(done := at.jobs("stylize", "done")) == 3 and done[0])
    assert third.parameters == second.parameters, "what was done last in the window is repeated without it"
    *painted, content = at.until(lambda: len(layers := at.image(2)["layers"]) == 4 and layers)
    assert content["name"] == "content" and all(layer["source"] == "content" for layer in painted)
    assert [layer["box"] for layer in painted] == 3 * [chosen] and all(layer["mask"] for layer in painted), (
        "nothing is selected now"
    )
    assert [layer["id"] for layer in painted] == sorted((layer["id"] for layer in painted), reverse=True), "the newest is on top"
    assert all(layer["name"].startswith("The Great Wave off Kanagawa") for layer in painted)


def test_text_is_replaced_by_pixels_only_after_a_question(desk, patient):
    at = desk(patient, values={"iterations": 3, "step_size": 0.01, "method": "iterative"}, text=True).opened()
    at.key("alt+r", "End")
    at.key("alt+p")
    at.answer("Turn the text", "Escape")
    assert not at.jobs()
    at.key("alt+p")
    at.answer("Turn the text", "alt+r")
    at.painted()
    at.key("Escape")
    text, content = at.image()["layers"]
    assert text["recipe"] and not text["text"] and content["name"] == "content"


def test_the_windows_parts(desk, painter):
    """Sizes, what is seen and what can be used, as GTK itself tells them in the script."""
    at = desk(painter, script="widgets")
    at.process.wait(240)
    all_well(at.process.stdout.read().decode("utf-8", "replace"), 10)


def test_what_was_refined_is_kept_as_a_style(desk, patient):
    values = {"iterations": 3, "step_size": 0.01, "method": "iterative", "seed": REFINES}
    clouds = {"id": "", "title": "Clouds", "weight": 1, "picture": base64.b64encode(png(80, 60)).decode()}
    at = desk(patient, values=values, pictures=[clouds]).opened()
    at.key("alt+p")
    first = at.painted()
    at.key("alt+k")
    at.answer("^Keep as a Style$", "Return")
    with patient.client() as client:
        (new,) = at.until(lambda: [style for style in client.get("/v1/styles").json()["styles"] if style["own"]])
    assert (new["title"], new["fast"]) == ("Clouds", True)
    at.until(lambda: (seen := at.window())["settled"] and seen["listens"])
    at.front().key("alt+p")
    at.painted(other_than=first)
    assert at.jobs()[0].parameters["style"] == [new["id"]], "it is chosen"
    at.key("Escape")


def test_an_indexed_image_is_offered_the_cure(desk, painter):
    at = desk(painter, picture="photo.jpg", indexed=True).opened()
    at.says("indexed")
    at.key("alt+v")
    at.previewed().key("Escape")
    assert at.image()["base"] == "rgb"
