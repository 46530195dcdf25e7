"""From files to a file, with an engine that paints at once: sizes, alpha, previews, early ends, and what goes wrong."""

from __future__ import annotations

import dataclasses
import io
import shutil

import numpy as np
import pytest
from impasto import errors, images
from impasto.methods import METHODS, Entry
from impasto.settings import Settings
from impasto.stylization import Stylization
from impasto.task import PREVIEW
from impasto.worker.control import Control
from impasto.worker.stylize import run_stylize
from PIL import Image

from .negative import Engine


@pytest.fixture(autouse=True)
def _negative(monkeypatch):
    monkeypatch.setitem(METHODS, "iterative", Entry("worker.negative:Negative", "Negative"))


@pytest.fixture
def settings(tmp_path):
    return Settings(data_dir=str(tmp_path / "data"))


class Reports(list):
    def __call__(self, event, **fields):
        self.append((event, fields))

    def of(self, event):
        return [fields for name, fields in self if name == event]


def png(array):
    file = io.BytesIO()
    Image.fromarray(array).save(file, "png")
    return file.getvalue()


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "job"
    folder.mkdir()
    content = np.zeros((40, 60, 4), np.uint8)
    content[..., 0], content[..., 3] = 200, np.arange(60) * 4
    (folder / "content").write_bytes(png(content))
    (folder / "style-0").write_bytes(png(np.full((20, 20, 3), 9, np.uint8)))
    return folder


def paint(folder, engine, output=None, control=None, **parameters):
    reports = Reports()
    stylization = Stylization.parse({"style": ["upload:0"], "method": "iterative", **parameters})
    result = run_stylize(folder, stylization, output or {}, reports, control or Control(), engine)
    return result, reports


def test_the_result_has_the_contents_size_and_its_very_alpha(folder, settings):
    result, reports = paint(folder, Engine(settings))
    picture = images.decode((folder / result["file"]).read_bytes())
    content = images.decode((folder / "content").read_bytes())
    assert (result["width"], result["height"], result["format"], result["media_type"]) == (60, 40, "png", "image/png")
    assert result["bytes"] == (folder / "result.png").stat().st_size and not result["finished_early"]
    assert np.array_equal(picture.alpha, content.alpha)
    assert np.allclose(picture.rgb[20, 40], [55 / 255, 1, 1], atol=0.01)
    assert [fields["phase"] for fields in reports.of("phase")] == ["preparing", "painting", "saving"]
    assert [fields["step"] for fields in reports.of("progress")] == [1, 2, 3, 4]
    assert reports.of("progress")[0]["losses"] == {"content": 1.0}  # what is not a number cannot be told
    assert sorted(file.name for file in folder.iterdir()) == ["content", "result.png", "style-0"]


@pytest.mark.parametrize(
    "resolution, auto, painted, note",
    [(0, 512, (40, 60), False), (0, 30, (20, 30), True), (30, 512, (20, 30), True), (4000, 16, (40, 60), False)],
)
def test_it_is_painted_at_the_resolution_asked_for_and_never_enlarged_before(folder, settings, resolution, auto, painted, note):
    engine = Engine(dataclasses.replace(settings, auto_resolution_cpu=auto))
    result, reports = paint(folder, engine, resolution=resolution)
    assert engine.begun[0].size == painted and engine.begun[0].pictures[-1] == (40, 60)
    assert (result["painted_height"], result["painted_width"]) == painted
    said = [fields["text"] for fields in reports.of("note") if "enlarged" in fields["text"]]
    assert said == ([f"Painted at {painted[1]} x {painted[0]}, enlarged to 60 x 40."] if note else [])


@pytest.mark.parametrize(
    "format, file, notes",
    [("jpeg", "result.jpg", 1), ("webp", "result.webp", 0), ("tiff", "result.tif", 0), ("npy", "result.npy", 0)],
)
def test_other_formats_and_what_they_cannot_hold(folder, settings, format, file, notes):
    result, reports = paint(folder, Engine(settings), {"format": format})
    assert result["file"] == file and images.decode((folder / file).read_bytes()).format == format
    assert len([fields for fields in reports.of("note") if "transparency" in fields["text"]]) == notes


@pytest.mark.parametrize("top, strength, noted", [(2.5, 0.5, True), (1.0, 0.5, False), (2.5, 0, False)])
def test_light_above_white_that_a_painting_loses_is_noted(folder, settings, top, strength, noted):
    light = np.full((40, 60, 3), 0.5, np.float32)
    light[:4] = top
    file = io.BytesIO()
    np.save(file, light)
    (folder / "content").write_bytes(file.getvalue())
    _, reports = paint(folder, Engine(settings), {"format": "npy"}, strength=strength)
    assert any("brighter than white" in fields["text"] for fields in reports.of("note")) == noted


def test_hidden_colours_do_not_reach_the_engine(folder, settings):
    content = np.zeros((32, 32, 4), np.uint8)
    content[:, :16] = (200, 100, 50, 255)
    content[:, 16:, 1] = 255  # green, and invisible
    (folder / "content").write_bytes(png(content))
    engine = Engine(settings)
    paint(folder, engine)
    assert np.allclose(engine.begun[0].content[:, 20:], np.array([200, 100, 50]) / 255, atol=0.02)


def test_previews_are_pngs_with_alpha_and_not_too_many(folder, settings):
    engine, sizes = Engine(dataclasses.replace(settings, preview_interval_s=0.0), total=3), []

    def look(step):
        if (folder / PREVIEW).exists():
            picture = images.decode((folder / PREVIEW).read_bytes())
            sizes.append((picture.width, picture.height, picture.alpha is not None))

    engine.on_step = look
    _, reports = paint(folder, engine, resolution=30)
    assert sizes and set(sizes) == {(30, 20, True)}
    _, reports = paint(folder, Engine(dataclasses.replace(settings, preview_interval_s=600), total=50))
    assert not reports.of("preview")


def test_a_preview_of_a_grey_picture_is_grey(folder, settings):
    (folder / "content").write_bytes(png(np.tile(np.arange(0, 240, 6, dtype=np.uint8), (40, 1))))
    paint(folder, Engine(dataclasses.replace(settings, preview_interval_s=0.0)))
    rgb = images.decode((folder / PREVIEW).read_bytes()).rgb
    assert np.ptp(rgb, axis=2).max() == 0 and images.decode((folder / "result.png").read_bytes()).grey


def test_finish_keeps_the_picture_of_that_step(folder, settings):
    control = Control()
    engine = Engine(settings, total=100, on_step=lambda step: control.finish() if step == 7 else None)
    result, reports = paint(folder, engine, control=control)
    assert result["finished_early"] and result["steps"] == 7 and (folder / "result.png").is_file()
    assert "Stopped after step 7 of 100 and kept." in [fields["text"] for fields in reports.of("note")]


def test_cancel_leaves_no_result(folder, settings):
    control = Control()
    engine = Engine(settings, total=100, on_step=lambda step: control.cancel() if step == 7 else None)
    with pytest.raises(errors.Cancelled):
        paint(folder, engine, control=control)
    assert not (folder / "result.png").exists() and engine.begun[0].pictures == []


def test_a_folder_that_is_swept_away_meanwhile_is_made_again(folder, settings):
    result, _ = paint(folder, Engine(settings, on_step=lambda step: shutil.rmtree(folder, ignore_errors=True)))
    assert images.decode((folder / result["file"]).read_bytes()).width == 60


def test_strength_0_is_the_picture_itself_untouched(folder, settings):
    result, _ = paint(folder, Engine(dataclasses.replace(settings, auto_resolution_cpu=20)), strength=0)
    before, after = (images.decode((folder / name).read_bytes()) for name in ("content", "result.png"))
    assert np.array_equal(before.rgb, after.rgb) and np.array_equal(before.alpha, after.alpha) and result["steps"] == 0


def test_out_of_memory_says_which_resolution_to_try(folder, settings):
    def burst(step):
        raise MemoryError

    with pytest.raises(errors.OutOfMemory) as caught:
        paint(folder, Engine(settings, on_step=burst))
    assert "60 x 40" in caught.value.message and "64" in caught.value.hint


@pytest.mark.parametrize(
    "name, data, error",
    [
        ("content", b"", errors.BadPicture),
        ("content", b"8BPS\0\1" + bytes(20), errors.UnsupportedPicture),
        ("style-0", b"\x89PNG\r\n\x1a\n", errors.BadPicture),
        ("style-0", None, errors.StyleMissing),
    ],
)
def test_bad_pictures_are_named_as_such(folder, settings, name, data, error):
    (folder / name).unlink() if data is None else (folder / name).write_bytes(data)
    with pytest.raises(error):
        paint(folder, Engine(settings))


def test_a_style_by_id_comes_from_the_library(folder, settings):
    engine = Engine(settings)
    (folder / "style-0").unlink()
    chosen = engine.styles.styles()[0]
    paint(folder, engine, style=[chosen.id], method="iterative")
    assert engine.begun[0].styles[0].shape == (chosen.height, chosen.width, 3)
    with pytest.raises(errors.UnknownStyle):
        paint(folder, engine, style=["no-such-style"])
