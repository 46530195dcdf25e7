"""The fast method with paintings that no network has learnt: predicted at once, refined on the picture, with the real encoder."""

from __future__ import annotations

import impasto
import numpy as np
import pytest
import torch
from impasto import errors, images
from impasto.models import fast, predictor
from impasto.paths import bundled, shipped
from impasto.style.predictor import by_norm
from impasto.style.transformer import build
from PIL import Image

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def engine(tmp_path_factory, weights_dir):
    folder = tmp_path_factory.mktemp("predicted")
    settings = impasto.Settings(data_dir=str(folder), weights_dir=str(weights_dir), offline=True, device="cpu", cpu_threads=1)
    return impasto.Engine(settings)


@pytest.fixture(scope="module")
def photo():
    with Image.open(bundled("examples", "moraine-lake.jpg")) as image:
        return np.asarray(image.resize((160, 120)))


@pytest.fixture(scope="module")
def painting():
    """Red and yellow strokes, and nothing that ships is like it."""
    generator = np.random.default_rng(4)
    small = generator.random((24, 32, 1))
    colours = np.array([200, 40, 20]) * small + np.array([240, 200, 40]) * (1 - small)
    return np.asarray(Image.fromarray(colours.astype(np.uint8)).resize((320, 240), Image.Resampling.NEAREST))


def distance(one, other):
    """Of mean colours, in steps of 255."""
    return np.abs(one.reshape(-1, 3).mean(0) - other.reshape(-1, 3).mean(0)).mean()


def test_at_once_it_has_the_paintings_palette_and_refined_more_of_it(engine, photo, painting):
    steps = []
    first = impasto.stylize(photo, painting, method="fast", refine=0, engine=engine, progress=lambda step: steps.append(step.total))
    refined = impasto.stylize(photo, painting, method="fast", refine=12, engine=engine)
    assert first.shape == refined.shape == photo.shape and steps == [1]
    assert distance(first, painting) < 0.6 * distance(photo, painting)
    assert distance(refined, painting) < distance(first, painting)
    faint = impasto.stylize(photo, painting, method="fast", refine=12, strength=0.2, engine=engine)
    assert np.abs(faint.astype(float) - photo).mean() < 0.9 * np.abs(refined.astype(float) - photo).mean()


def test_refined_once_it_is_there_at_once_for_every_strength(engine, photo, painting):
    totals = []

    def paint(**values):
        picture = impasto.stylize(
            photo, painting, method="fast", refine=4, engine=engine, progress=lambda step: totals.append(step.total), **values
        )
        return picture, totals.pop()

    engine.refined.clear()
    (first, took), (second, again), (stronger, other) = paint(), paint(), paint(strength=0.9)
    assert took == 5 and again == other == 1
    assert np.array_equal(first, second) and not np.array_equal(first, stronger)
    engine.refined.clear()
    assert np.array_equal(paint()[0], first), "the same picture, refined anew"


def test_what_was_refined_for_a_preview_serves_the_next_process(engine, photo, painting):
    def paint(content=photo, **values):
        """The picture, and how many steps it took an engine that has painted nothing yet."""
        totals, values = [], {"method": "fast", "refine": 3, **values}
        fresh = impasto.Engine(engine.settings)
        picture = impasto.stylize(content, painting, engine=fresh, progress=lambda step: totals.append(step.total), **values)
        return picture, totals[-1]

    engine.refined.clear()
    (preview, took), (final, again) = paint(resolution=100), paint()
    assert (took, again) == (4, 1) and not np.array_equal(preview, final)
    assert paint(refine=2)[1] == 3 and paint(photo[::-1])[1] == 4, "other steps, and another picture, are refined anew"


def test_to_stop_and_keep_paints_the_whole_with_what_has_been_refined(engine, photo, painting):
    engine.refined.clear()
    seen = []

    def progress(step):
        seen.append(step)
        if step.step == stop_at:
            raise impasto.StopAndKeep

    predicted = impasto.stylize(photo, painting, method="fast", refine=0, engine=engine)
    for stop_at in (2, 9):
        kept = impasto.stylize(photo, painting, method="fast", refine=30, engine=engine, progress=progress)
        assert set(seen[0].losses) == {"content", "style", "total"} and kept.shape == photo.shape
        assert len(seen) == seen[-1].step == seen[-1].total == stop_at + 1, "the pass over the whole picture is all that follows"
        assert np.array_equal(kept, predicted) == (stop_at == 2), "the first steps are not better than the prediction"
        seen.clear()


def test_to_be_shown_while_it_is_painted_changes_nothing(engine, photo, painting, monkeypatch):
    def paint(**values):
        engine.refined.clear()
        steps = []
        picture = impasto.stylize(photo, painting, method="fast", refine=4, engine=engine, progress=steps.append, **values)
        return picture, len(steps)

    monkeypatch.setattr("impasto.methods.stylizer.FIRST_PREVIEW_S", 0.0)
    monkeypatch.setattr("impasto.methods.stylizer.PREVIEW_SHARE", 1e6)
    shown: list = []
    (watched, steps), (plain, same) = paint(preview=shown.append), paint()
    assert shown and steps == same == 5
    assert np.array_equal(watched, plain)


def test_learnt_and_predicted_styles_mix(engine, photo, painting):
    both = impasto.stylize(photo, ["starry-night", painting], method="fast", refine=0, style_weights=[1, 3], engine=engine)
    alone = impasto.stylize(photo, painting, method="fast", refine=0, engine=engine)
    assert np.abs(both.astype(float) - alone).mean() > 1


def test_where_the_predictor_is_gone_it_says_so(engine, photo, painting, monkeypatch, tmp_path):
    monkeypatch.setattr("impasto.models.fast_library.predictor_file", lambda: tmp_path / "nothing.safetensors")
    with pytest.raises(errors.StyleNotLearnt):
        impasto.stylize(photo, painting, method="fast", engine=engine)


def test_the_iterative_method_begins_with_what_is_predicted(engine, photo, painting, monkeypatch, tmp_path):
    steps, notes = [], []

    def paint():
        steps.clear()
        asked = {"method": "iterative", "iterations": 1, "engine": engine}
        return impasto.stylize(photo, painting, progress=steps.append, note=notes.append, **asked)

    begun = paint()
    assert steps[-1].scales == 2 and not notes
    assert distance(begun, painting) < 0.8 * distance(photo, painting)
    monkeypatch.setattr("impasto.models.fast_library.predictor_file", lambda: tmp_path / "nothing.safetensors")
    paint()
    assert steps[-1].scales == 1 and "begins with the picture itself" in notes[0]


def test_the_predictor_that_ships_fits_the_network_that_ships():
    header, arrays = predictor.read(predictor.shipped_file())
    network = fast.inspect(shipped("fast", "impasto.safetensors"))
    assert header.base == network.base and header.training
    widths = sum(part.numel() for part in by_norm(build(network.network, 1), torch.zeros(len(arrays["c.bias"]))).values())
    assert widths == len(arrays["c.bias"])


def test_a_damaged_predictor_is_refused(tmp_path):
    file = tmp_path / "predictor.safetensors"
    file.write_bytes(predictor.shipped_file().read_bytes()[:-1000])
    with pytest.raises(errors.BadStyleFile):
        predictor.read(file)


def test_what_was_refined_is_kept_as_styles_that_are_painted_at_once(engine, photo, painting):
    own = engine.styles.add("Mine", images.to_png8(painting[::-1].astype(np.float32) / 255))
    asked = ["starry-night", own.id, painting]
    steps = []
    mixed = impasto.stylize(photo, asked, method="fast", refine=1, keep_style="Strokes", engine=engine)
    kept = engine.styles.get("strokes")
    assert kept.fast and kept.own and kept.title == "Strokes" and (kept.width, kept.height) == (320, 240)
    assert engine.styles.get(own.id).fast and engine.styles.get(own.id).title == "Mine", "the library's own is learnt now"
    again = impasto.stylize(photo, [*asked[:2], "strokes"], engine=engine, progress=lambda step: steps.append(step.total))
    assert steps == [1] and np.array_equal(again, mixed), "without a word about the method"
    header = engine.fast_styles.header("strokes")
    assert header.training == {"source": "refined on one picture", "steps": 2} and not header.whole
    for id in ("strokes", own.id):
        engine.styles.remove(id)
    assert not list(engine.paths.styles.glob("*.safetensors"))


def test_where_nothing_is_refined_nothing_can_be_kept_and_it_says_why(engine, photo, painting):
    for style, given, why in [
        ("starry-night", {}, "fast styles already"),
        (painting, {"loss": "gram"}, "set method to fast"),
        (painting, {"strength": 0}, "strength of 0"),
    ]:
        with pytest.raises(errors.InvalidParameter) as refused:
            impasto.stylize(photo, style, keep_style="Mine", engine=engine, **given)
        assert why in refused.value.hint and refused.value.field == "keep_style"


@pytest.mark.parametrize("name", ["   ", "n" * 101, "two\nlines", 5])
def test_a_name_that_no_style_can_have_is_refused_before_it_is_painted(engine, photo, painting, name):
    with pytest.raises(errors.InvalidParameter) as refused:
        impasto.stylize(photo, painting, refine=0, keep_style=name, engine=engine, progress=lambda step: pytest.fail("painted"))
    assert refused.value.field == "keep_style"
