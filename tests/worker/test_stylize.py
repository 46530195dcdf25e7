"""From files to a file, with an engine that paints at once: sizes, alpha, previews, early ends, and what goes wrong."""

from __future__ import annotations

import dataclasses
import io
import shutil
from types import SimpleNamespace

import numpy as np
import pytest
from impasto import errors, images
from impasto.settings import Settings
from impasto.stylization import Stylization
from impasto.task import PREVIEW
from impasto.worker.control import Control
from impasto.worker.stylize import run_stylize
from PIL import Image


@dataclasses.dataclass
class Progress:
    """As the engine's, without torch."""

    step: int
    total: int
    fraction: float
    losses: dict
    scale: int = 1
    scales: int = 1
    width: int = 0
    height: int = 0
    skipped: int = 0


class Easel:
    """Paints the negative of what it is given."""

    can_stop = begun = True

    def __init__(self, tmp_path, total=4, auto=512, on_step=lambda step: None):
        self.paths = SimpleNamespace(styles=tmp_path / "styles", data=tmp_path)
        self.total, self.auto, self.on_step, self.pictures = total, auto, on_step, []

    def describe(self):
        return {"device": "fake"}

    def size(self, full, resolution):
        long_side = min(resolution or self.auto, max(full))
        return tuple(round(side * long_side / max(full)) for side in full)

    def begin(self, content, styles, size, stylization, report, cancelled):
        self.content, self.styles, self.begun_at = content, list(styles), size
        return self

    def __iter__(self):
        for step in range(1, self.total + 1):
            self.on_step(step)
            yield Progress(step, self.total, step / self.total, {"content": 1.0, "total": float("nan")}, skipped=1)

    def picture(self, size):
        self.pictures.append(size)
        small = Image.fromarray((255 * (1 - self.content)).astype(np.uint8)).resize(size[::-1])
        return np.asarray(small, np.float32) / 255

    def is_out_of_memory(self, error):
        return isinstance(error, MemoryError)


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


def paint(folder, easel, output=None, control=None, settings=None, **parameters):
    reports = Reports()
    stylization = Stylization.parse({"style": ["upload:0"], **parameters})
    result = run_stylize(folder, stylization, output or {}, settings or Settings(), reports, control or Control(), easel)
    return result, reports


def test_the_result_has_the_contents_size_and_its_very_alpha(folder, tmp_path):
    result, reports = paint(folder, Easel(tmp_path))
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
def test_it_is_painted_at_the_resolution_asked_for_and_never_enlarged_before(folder, tmp_path, resolution, auto, painted, note):
    easel = Easel(tmp_path, auto=auto)
    result, reports = paint(folder, easel, resolution=resolution)
    assert easel.begun_at == painted and easel.pictures[-1] == (40, 60)
    assert (result["painted_height"], result["painted_width"]) == painted
    said = [fields["text"] for fields in reports.of("note") if "enlarged" in fields["text"]]
    assert said == ([f"Painted at {painted[1]} x {painted[0]}, enlarged to 60 x 40."] if note else [])


@pytest.mark.parametrize(
    "format, file, notes",
    [("jpeg", "result.jpg", 1), ("webp", "result.webp", 0), ("tiff", "result.tif", 0), ("npy", "result.npy", 0)],
)
def test_other_formats_and_what_they_cannot_hold(folder, tmp_path, format, file, notes):
    result, reports = paint(folder, Easel(tmp_path), {"format": format})
    assert result["file"] == file and images.decode((folder / file).read_bytes()).format == format
    assert len([fields for fields in reports.of("note") if "transparency" in fields["text"]]) == notes


def test_hidden_colours_do_not_reach_the_engine(folder, tmp_path):
    content = np.zeros((32, 32, 4), np.uint8)
    content[:, :16] = (200, 100, 50, 255)
    content[:, 16:, 1] = 255  # green, and invisible
    (folder / "content").write_bytes(png(content))
    easel = Easel(tmp_path)
    paint(folder, easel)
    assert np.allclose(easel.content[:, 20:], np.array([200, 100, 50]) / 255, atol=0.02)


def test_previews_are_pngs_with_alpha_and_not_too_many(folder, tmp_path):
    easel, sizes = Easel(tmp_path, total=3), []

    def look(step):
        if (folder / PREVIEW).exists():
            picture = images.decode((folder / PREVIEW).read_bytes())
            sizes.append((picture.width, picture.height, picture.alpha is not None))

    easel.on_step = look
    _, reports = paint(folder, easel, settings=dataclasses.replace(Settings(), preview_interval_s=0.0), resolution=30)
    assert sizes and set(sizes) == {(30, 20, True)}
    _, reports = paint(folder, Easel(tmp_path, total=50), settings=dataclasses.replace(Settings(), preview_interval_s=600))
    assert not reports.of("preview")


def test_a_preview_of_a_grey_picture_is_grey(folder, tmp_path):
    (folder / "content").write_bytes(png(np.tile(np.arange(0, 240, 6, dtype=np.uint8), (40, 1))))
    paint(folder, Easel(tmp_path), settings=dataclasses.replace(Settings(), preview_interval_s=0.0))
    rgb = images.decode((folder / PREVIEW).read_bytes()).rgb
    assert np.ptp(rgb, axis=2).max() == 0 and images.decode((folder / "result.png").read_bytes()).grey


def test_finish_keeps_the_picture_of_that_step(folder, tmp_path):
    control = Control()
    easel = Easel(tmp_path, total=100, on_step=lambda step: control.finish() if step == 7 else None)
    result, reports = paint(folder, easel, control=control)
    assert result["finished_early"] and result["steps"] == 7 and (folder / "result.png").is_file()
    assert "Stopped after step 7 of 100 and kept." in [fields["text"] for fields in reports.of("note")]


def test_cancel_leaves_no_result(folder, tmp_path):
    control = Control()
    easel = Easel(tmp_path, total=100, on_step=lambda step: control.cancel() if step == 7 else None)
    with pytest.raises(errors.Cancelled):
        paint(folder, easel, control=control)
    assert not (folder / "result.png").exists() and easel.pictures == []


def test_a_folder_that_is_swept_away_meanwhile_is_made_again(folder, tmp_path):
    result, _ = paint(folder, Easel(tmp_path, on_step=lambda step: shutil.rmtree(folder, ignore_errors=True)))
    assert images.decode((folder / result["file"]).read_bytes()).width == 60


def test_strength_0_is_the_picture_itself_untouched(folder, tmp_path):
    result, _ = paint(folder, Easel(tmp_path, auto=20), strength=0)
    before, after = (images.decode((folder / name).read_bytes()) for name in ("content", "result.png"))
    assert np.array_equal(before.rgb, after.rgb) and np.array_equal(before.alpha, after.alpha) and result["steps"] == 0


def test_out_of_memory_says_which_resolution_to_try(folder, tmp_path):
    def burst(step):
        raise MemoryError

    with pytest.raises(errors.OutOfMemory) as caught:
        paint(folder, Easel(tmp_path, on_step=burst))
    assert "60 x 40" in caught.value.message and "64" in caught.value.hint


@pytest.mark.parametrize(
    "name, data, error",
    [
        ("content", b"", errors.BadPicture),
        ("content", b"GIF89a", errors.UnsupportedPicture),
        ("style-0", b"\x89PNG\r\n\x1a\n", errors.BadPicture),
        ("style-0", None, errors.StyleMissing),
    ],
)
def test_bad_pictures_are_named_as_such(folder, tmp_path, name, data, error):
    (folder / name).unlink() if data is None else (folder / name).write_bytes(data)
    with pytest.raises(error):
        paint(folder, Easel(tmp_path))


def test_a_style_by_id_comes_from_the_library(folder, tmp_path):
    from impasto.models import StyleLibrary
    from impasto.paths import Paths

    settings = Settings(data_dir=str(tmp_path / "data"))
    easel = Easel(tmp_path)
    easel.paths = Paths.of(settings)
    (folder / "style-0").unlink()
    chosen = StyleLibrary(easel.paths, settings).list()[0]
    paint(folder, easel, settings=settings, style=[chosen.id], method="iterative")
    assert easel.styles[0].shape == (chosen.height, chosen.width, 3)
    with pytest.raises(errors.UnknownStyle):
        paint(folder, easel, settings=settings, style=["no-such-style"])
