"""The same look at any size: a larger picture is painted small first, with strokes that are as broad beside it."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from impasto.engine import fast_session
from impasto.engine.engine import Engine
from impasto.engine.fast_session import FastSession
from impasto.methods.fast import Fast
from impasto.paths import bundled
from impasto.settings import Settings
from impasto.sizes import MIN_PASS_SIDE, pass_sizes
from impasto.style import feedforward
from impasto.stylization import Stylization
from PIL import Image, ImageFilter

STYLE = ("starry-night",)


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    folder = tmp_path_factory.mktemp("strokes")
    return Engine(Settings(data_dir=str(folder), weights_dir=str(folder), offline=True, device="cpu", cpu_threads=1))


def photo(width, height):
    with Image.open(bundled("examples", "moraine-lake.jpg")) as image:
        return np.asarray(image.convert("RGB").resize((width, height), Image.Resampling.LANCZOS))


def steps_of(engine, picture, **values):
    """Every step of a painting, with the previews after them, and the painting."""
    source = engine.fast_styles.find_or_predict(STYLE)
    content = picture.astype(np.float32) / 255
    stylization = Stylization(style=STYLE, **values)
    session = FastSession.by(engine, engine.network(source, torch.float32), source, content, content.shape[:2], stylization)
    steps = [(step, session.picture((48, 64)) if session.has_preview else None) for step in session]
    return steps, session.picture(content.shape[:2])


@pytest.mark.parametrize(
    ("size", "stroke_size", "long_sides"),
    [
        ((384, 512), 2.5, [512]),  # strokes are nearly as broad as that already
        ((768, 1024), 2.5, [400, 1024]),
        ((3000, 4000), 2.5, [400, 862, 1857, 4000]),
        ((3000, 4000), 0.1, [4000]),
        ((768, 1024), 10.0, [100, 217, 472, 1024]),
        ((8662, 11550), 2.5, [400, 784, 1536, 3009, 11550]),  # there would be no memory for one of 26 megapixels beside it
    ],
)
def test_passes_go_from_the_broadest_strokes_to_the_pictures_own_size(size, stroke_size, long_sides):
    sizes = pass_sizes(size, stroke_size)
    assert [max(one) for one in sizes] == long_sides and sizes[-1] == size


@pytest.mark.parametrize("size", [(16, 16), (40, 9000), (9000, 40), (200, 12000)])
def test_thin_pictures_are_never_painted_too_small_to_have_any_forms(size):
    sizes = pass_sizes(size, 20.0)
    assert sizes == sorted(sizes) and sizes[-1] == size
    assert all(min(one) >= 0.7 * min(MIN_PASS_SIDE, min(size)) for one in sizes)


def small_forms(rgb, side=160):
    """What is there at a period of some 5 to 10 px of the picture shrunk to ``side`` px."""
    small = Image.fromarray((np.clip(rgb, 0, 1) * 255).astype(np.uint8)).convert("L").resize((side, side), Image.Resampling.BOX)
    fine, coarse = (np.asarray(small.filter(ImageFilter.GaussianBlur(radius)), float) for radius in (1.5, 3))
    return (fine - coarse).ravel()


@pytest.mark.slow
def test_broader_strokes_leave_less_of_the_pictures_small_forms(engine):
    picture = photo(640, 428)
    of_picture = small_forms(picture / 255)
    left = [
        np.corrcoef(small_forms(steps_of(engine, picture, stroke_size=size)[1]), of_picture)[0, 1] for size in (0.1, 2.5, 6.0, 15.0)
    ]
    assert all(broader < finer - 0.03 for finer, broader in zip(left, left[1:], strict=False)), left


@pytest.mark.slow
@pytest.mark.parametrize("keep", ["off", "luminance", "match"])
def test_in_parts_equals_in_one_piece_in_every_pass(engine, monkeypatch, keep):
    pictures = []
    for whole, at_once, strip in ((1 << 20, 1 << 19, 1 << 20), (100, 8000, 5000)):
        monkeypatch.setattr(feedforward, "WHOLE_PIXELS", whole)
        monkeypatch.setattr(feedforward, "PIXELS_AT_ONCE", at_once)
        monkeypatch.setattr(fast_session, "STRIP_PIXELS", strip)
        pictures.append(steps_of(engine, photo(250, 230), stroke_size=12.0, keep_colours=keep)[1])
    assert np.abs(pictures[0] - pictures[1]).max() < 1.01 / 255


def test_luminance_keeps_the_pictures_hues_through_every_pass(engine):
    picture = photo(240, 160)
    painted = steps_of(engine, picture, stroke_size=12.0, keep_colours="luminance")[1]
    before, after = (rgb - rgb.mean(2, keepdims=True) for rgb in (picture / 255.0, painted))
    inside = (painted > 0.02).all(2) & (painted < 0.98).all(2)  # elsewhere colours have been clipped
    assert np.corrcoef(before[inside].ravel(), after[inside].ravel())[0, 1] > 0.98


@pytest.mark.slow
def test_progress_never_goes_back_and_the_broad_strokes_are_shown_before_the_fine_ones(engine):
    steps, _ = steps_of(engine, photo(480, 320), stroke_size=6.0)
    fractions = [step.fraction for step, _ in steps]
    assert fractions == sorted(fractions) and fractions[-1] == pytest.approx(1)
    assert [step.step for step, _ in steps] == list(range(1, steps[0][0].total + 1)) and len(steps) > 1
    assert all(shown is not None for _, shown in steps) and not np.allclose(steps[0][1], steps[-1][1])


def test_a_faint_painting_lets_the_very_picture_show_through(engine):
    picture = photo(480, 320)
    once, passes = (steps_of(engine, picture, strength=0.1, stroke_size=size)[1] for size in (0.1, 8.0))
    assert np.array_equal(once, passes)


def test_every_pass_takes_its_time(engine):
    once, twice = (Fast().work((768, 1024), Stylization(style=STYLE, stroke_size=size), engine.fast_styles) for size in (0.1, 2.5))
    assert 1.1 * once < twice < 1.2 * once


def test_a_small_copy_made_in_strips_is_the_mean_of_what_it_covers(monkeypatch):
    picture = np.random.default_rng(5).random((93, 120, 3), np.float32)
    whole = fast_session._shrunk(picture, (31, 40))
    assert np.allclose(whole, picture.reshape(31, 3, 40, 3, 3).mean((1, 3)), atol=1e-6)
    monkeypatch.setattr(fast_session, "STRIP_PIXELS", 1000)
    assert np.array_equal(fast_session._shrunk(picture, (31, 40)), whole)
    odd = fast_session._shrunk(picture, (40, 53))
    assert odd.mean() == pytest.approx(picture.mean(), abs=1e-5)
