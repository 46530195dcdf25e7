"""The fast method from files to a file: nothing downloaded, alpha and depth kept, tiles unseen."""

from __future__ import annotations

import dataclasses
import io

import numpy as np
import pytest
import torch
from impasto import images
from impasto.engine import fast_session
from impasto.engine.engine import Engine
from impasto.engine.networks import open_network
from impasto.errors import BadStyleFile, Cancelled
from impasto.models import FastHeader, FastStyle, fast
from impasto.settings import Settings
from impasto.style import feedforward
from impasto.style.feedforward import MARGIN
from impasto.style.mixing import embedding_indices, mix_embeddings
from impasto.style.scales import crop_margin, pad, size_of
from impasto.style.tone import ToneCorrection, tone_share
from impasto.style.transformer import build
from impasto.stylization import Stylization
from impasto.worker.control import Control
from impasto.worker.stylize import run_stylize
from PIL import Image

from .test_stylize import Reports


@pytest.fixture
def engine(tmp_path):
    settings = Settings(
        data_dir=str(tmp_path / "data"), weights_dir=str(tmp_path / "no weights"), offline=True, device="cpu", cpu_threads=1
    )
    made = Engine(settings)
    made.paths.styles.mkdir(parents=True)
    return made


@pytest.fixture
def network(engine):
    torch.manual_seed(1)
    made = build("lean:8x1", 9).eval()
    with torch.no_grad():
        for norm in made.norms():
            norm.beta.add_(0.4 * torch.randn_like(norm.beta))
    arrays = {name: value.numpy() for name, value in made.state_dict().items()}
    styles = tuple(FastStyle(id, id, "", "", "", embedding_indices(number)) for number, id in enumerate(("one", "two")))
    fast.write(engine.paths.styles / "pair.safetensors", arrays, FastHeader("lean:8x1", 9, styles))
    return made


def photo(width=90, height=70, mode="RGBA", form="PNG"):
    generator = np.random.default_rng(3)
    pixels = generator.integers(0, 256, (height, width, len(mode)), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels, mode).save(buffer, form)
    return buffer.getvalue()


def paint(engine, tmp_path, data, control=None, **values):
    folder = tmp_path / "job"
    folder.mkdir(exist_ok=True)
    (folder / "content").write_bytes(data)
    said = Reports()
    stylization = Stylization.parse({"style": "one", "method": "fast", **values})
    result = run_stylize(folder, stylization, {}, said, control or Control(), engine)
    return images.decode((folder / result["file"]).read_bytes(), images.Limits.of(engine.settings)), result, said


def test_alpha_and_size_stay_and_colours_change(engine, network, tmp_path):
    before = images.decode(photo(), images.Limits.of(engine.settings))
    after, result, said = paint(engine, tmp_path, photo())
    assert np.array_equal(after.alpha, before.alpha)
    assert after.rgb.shape == before.rgb.shape and np.abs(after.rgb - before.rgb).mean() > 0.02
    assert (result["painted_width"], result["steps"], result["finished_early"]) == (90, 1, False)
    assert 0 < result["painted_s"] < 60
    assert said[-1][0] == "device" and not any(event == "note" for event, _ in said)


def test_it_is_the_networks_picture_for_strength_detail_and_mix(engine, network, tmp_path):
    data = photo(mode="RGB")
    after, _, _ = paint(engine, tmp_path, data, style="one,two", style_weights="1,3", strength=0.6, detail=0.2)
    content = torch.from_numpy(images.decode(data, images.Limits.of(engine.settings)).rgb.copy()).permute(2, 0, 1)[None]
    mix = mix_embeddings(9, [embedding_indices(0), embedding_indices(1)], [0.25, 0.75], 0.6, 0.2)
    with torch.inference_mode():
        painted = crop_margin(network(pad(content, MARGIN), mix[None]), MARGIN).clamp(0, 1)
        painted += ToneCorrection(painted, content, size_of(content), tone_share(0.6)).rows(0, content.shape[2])
    assert np.abs(after.rgb - painted.clamp(0, 1)[0].permute(1, 2, 0).numpy()).max() < 1.01 / 255


@pytest.mark.slow
def test_a_large_picture_is_painted_as_a_small_one_wherever_its_features_lie(engine, network, tmp_path, monkeypatch):
    """In one piece, then in parts with features in memory, then in files; always over its own source."""
    data = photo(width=250, height=230, mode="RGB")
    monkeypatch.setattr(feedforward, "PIXELS_AT_ONCE", 8000)
    pictures = []
    for whole, in_memory in ((1 << 20, 1 << 20), (100, 1 << 20), (100, 100)):
        monkeypatch.setattr(feedforward, "WHOLE_PIXELS", whole)
        monkeypatch.setattr(fast_session, "IN_MEMORY_PIXELS", in_memory)
        pictures.append([paint(engine, tmp_path, data, keep_colours=keep)[0].rgb for keep in ("off", "luminance", "match")])
    for whole, *in_parts in zip(*pictures, strict=True):
        assert all(np.abs(whole - parts).max() <= 1.01 / 255 for parts in in_parts)
    assert [file.name for file in engine.paths.data.iterdir() if file.is_file()] == []


def test_rows_from_two_files_are_mixed_as_if_from_one(engine, network, tmp_path):
    data = photo(mode="RGB")
    both = {"style": "one,two", "style_weights": "1,3", "strength": 1}
    together = paint(engine, tmp_path, data, **both)[0].rgb
    file = engine.paths.styles / "pair.safetensors"
    header, arrays = fast.read(file)
    rows = {name: array for name, array in arrays.items() if fast.is_embedding(name)}
    fast.write(file, arrays, dataclasses.replace(header, styles=header.styles[:1]))
    fast.write(file.with_name("rows.safetensors"), rows, dataclasses.replace(header, styles=header.styles[1:]))
    assert np.array_equal(paint(engine, tmp_path, data, **both)[0].rgb, together)
    misfit = {name: array[:, :-1].copy() for name, array in rows.items()}
    fast.write(file.with_name("rows.safetensors"), misfit, dataclasses.replace(header, styles=header.styles[1:]))
    with pytest.raises(BadStyleFile, match="do not fit"):
        paint(engine, tmp_path, data, **both)


def test_a_network_of_one_strength_lets_the_content_shine_through_below_it(engine, network, tmp_path):
    file, data = engine.paths.styles / "pair.safetensors", photo(mode="RGB")
    header, arrays = fast.read(file)
    fast.write(file, arrays, dataclasses.replace(header, identity=False))
    before = images.decode(data, images.Limits.of(engine.settings)).rgb
    full = [paint(engine, tmp_path, data, strength=strength)[0].rgb for strength in (0.5, 1)]
    half = paint(engine, tmp_path, data, strength=0.25)[0].rgb
    assert np.array_equal(*full) and np.abs(half - (before + full[0]) / 2).max() < 1.01 / 255


def test_match_gives_the_pictures_palette(engine, network, tmp_path):
    data = photo(mode="RGB")
    before = images.decode(data, images.Limits.of(engine.settings)).rgb
    kept = paint(engine, tmp_path, data, keep_colours="match", strength=1)[0].rgb
    plain = paint(engine, tmp_path, data, strength=1)[0].rgb
    assert np.abs(kept.mean((0, 1)) - before.mean((0, 1))).max() < 0.03 < np.abs(plain.mean((0, 1)) - before.mean((0, 1))).max()


def test_strength_nought_is_the_picture_itself(engine, network, tmp_path):
    before = images.decode(photo(), images.Limits.of(engine.settings))
    assert np.array_equal(paint(engine, tmp_path, photo(), strength=0)[0].rgb, before.rgb)


def test_sixteen_bits_stay_sixteen(engine, network, tmp_path):
    pixels = np.random.default_rng(1).integers(0, 65536, (40, 50, 4), dtype=np.uint16)
    buffer = io.BytesIO()
    np.save(buffer, pixels)
    after, _, _ = paint(engine, tmp_path, buffer.getvalue())
    assert after.dtype == np.uint16 and np.array_equal(after.alpha, pixels[..., 3])
    assert len(np.unique((after.rgb * 65535).round() % 257)) > 2  # more than 8 bits' worth of values


def test_luminance_keeps_the_pictures_hues(engine, network, tmp_path):
    data = photo(mode="RGB")
    before = images.decode(data, images.Limits.of(engine.settings)).rgb
    plain = paint(engine, tmp_path, data)[0].rgb
    kept = paint(engine, tmp_path, data, keep_colours="luminance")[0].rgb

    def chroma(rgb):
        return rgb - rgb @ np.array([[0.299], [0.587], [0.114]], np.float32)

    assert np.abs(chroma(kept) - chroma(before)).mean() < 0.5 * np.abs(chroma(plain) - chroma(before)).mean()


def test_a_smaller_resolution_is_painted_smaller_and_said(engine, network, tmp_path):
    after, result, said = paint(engine, tmp_path, photo(), resolution=45)
    assert (after.width, after.height, result["painted_width"], result["painted_height"]) == (90, 70, 45, 35)
    assert ("note", {"text": "Painted at 45 x 35, enlarged to 90 x 70."}) in said


def test_a_large_picture_reports_progress_and_can_be_cancelled_in_between(engine, network, tmp_path, monkeypatch):
    monkeypatch.setattr(feedforward, "WHOLE_PIXELS", 100)
    monkeypatch.setattr(feedforward, "PIXELS_AT_ONCE", 100)
    monkeypatch.setattr(feedforward, "MIN_ROWS_AT_ONCE", 32)
    whole, result, said = paint(engine, tmp_path, photo())
    reply = [fields for event, fields in said if event == "progress"]
    assert [fields["step"] for fields in reply] == list(range(1, 19)) and {fields["total"] for fields in reply} == {18}
    assert result["steps"] == 18 and reply[-1]["fraction"] == 1 and not result["finished_early"]
    seen = []

    class Impatient(Control):
        def check(self):
            seen.append(1)
            if len(seen) == 4:
                raise Cancelled("The job was cancelled.")

    with pytest.raises(Cancelled):
        paint(engine, tmp_path, photo(), control=Impatient())
    assert np.array_equal(paint(engine, tmp_path, photo())[0].rgb, whole.rgb)


def test_to_stop_and_keep_a_fast_painting_is_to_wait_for_it(engine, network, tmp_path, monkeypatch):
    monkeypatch.setattr(feedforward, "WHOLE_PIXELS", 100)
    whole, _, _ = paint(engine, tmp_path, photo())
    stopping = Control()
    stopping.finish()
    kept, result, _ = paint(engine, tmp_path, photo(), control=stopping)
    assert np.array_equal(kept.rgb, whole.rgb) and not result["finished_early"]


def test_weights_that_do_not_fit_their_network_are_refused(engine, network):
    file = engine.paths.styles / "pair.safetensors"
    header, arrays = fast.read(file)
    for wrong in ({**arrays, "out.bias": np.zeros(4, np.float32)}, {n: a for n, a in arrays.items() if n != "out.bias"}):
        fast.write(file, wrong, header)
        with pytest.raises(BadStyleFile, match="do not fit"):
            open_network(file)
