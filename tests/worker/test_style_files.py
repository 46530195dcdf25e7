"""Fast styles brought in and taken out: what comes back is what went, and what cannot paint is not kept."""

from __future__ import annotations

import base64
import dataclasses
import json

import numpy as np
import pytest
import torch
from impasto import images
from impasto.engine.networks import compose, indices_in
from impasto.errors import BadPicture, BadStyleFile, Conflict, StyleNotLearnt, UnknownStyle
from impasto.models import FastHeader, FastStyle, StyleLibrary, fast, pytorch_examples
from impasto.paths import Paths
from impasto.settings import Settings
from impasto.style import mixing
from impasto.style.transformer import build
from impasto.worker import style_files
from models.example_network import Theirs
from safetensors.numpy import save_file


def painting(value, side=40):
    return images.to_png8(np.full((side, side, 3), value, np.float32))


SAMPLE = painting(0.5, 80)


def library_at(folder):
    settings = Settings(data_dir=str(folder))
    return StyleLibrary(Paths.of(settings), settings)


@pytest.fixture
def library(tmp_path):
    return library_at(tmp_path / "mine")


@pytest.fixture
def other(tmp_path):
    return library_at(tmp_path / "other")


def weights_of(spec="lean:8x1", rows=9, seed=1):
    torch.manual_seed(seed)
    network = build(spec, rows)
    with torch.no_grad():
        for norm in network.norms():
            norm.beta.add_(0.3 * torch.randn_like(norm.beta))
    return {name: value.numpy() for name, value in network.state_dict().items()}


def style(id, number, **texts):
    """The network's style of that number, from 0."""
    return FastStyle(
        id, **{"title": id.title(), "painter": "", "year": "", "licence": "CC0", **texts}, rows=mixing.embedding_indices(number)
    )


@pytest.fixture
def pair(library):
    """Two styles of one network in the library."""
    header = FastHeader("lean:8x1", 9, (style("red", 0), style("blue", 1)), training={"steps": 9})
    library.learn(header, weights_of(), {"red": painting([1, 0, 0]), "blue": painting([0, 0, 1])})
    return library


def painted(library, id):
    choice = library.fast.need([id])
    network = compose(choice)
    mix = torch.zeros(1, network.embeddings)
    for row, share in zip(indices_in(choice)[0], (0.7, 0.4, 0.1, 0.2), strict=True):
        mix[0, row] += share
    mix[0, 0] = 0.3
    with torch.inference_mode():
        return network(torch.rand(1, 3, 32, 32, generator=torch.Generator().manual_seed(2)), mix)


def rewritten(file, **changes):
    """A file whose header says something else, with the digest that fits."""
    header, arrays = fast.read(file)
    reply = {**dataclasses.asdict(header), **changes}
    save_file(arrays, file, metadata={"format": fast.FORMAT, "impasto": json.dumps(reply)})


def test_out_and_in_again_paints_the_same(pair, other, tmp_path):
    style_files.export_style(pair, "blue", tmp_path / "blue.safetensors")
    (added,) = style_files.import_styles(other, tmp_path / "blue.safetensors", SAMPLE)
    assert (added.id, added.title, added.licence, added.own, added.fast) == ("blue", "Blue", "CC0", True, True)
    assert torch.allclose(painted(other, "blue"), painted(pair, "blue"), atol=1e-6)
    shown = images.decode(other.picture("blue")).rgb
    assert np.abs(shown - [0, 0, 1]).max() < 0.05
    assert other.fast.header("blue").training == {"steps": 9}


@pytest.mark.parametrize("name", ["blue.pth", "blue.pt", "blue", "blue.safetensors.txt"])
def test_what_a_file_is_called_does_not_matter(pair, other, tmp_path, name):
    """Its content says what it is: a safetensors file that somebody has called .pth is no pickle, and never goes to its loader."""
    style_files.export_style(pair, "blue", tmp_path / "blue.safetensors")
    (tmp_path / "blue.safetensors").rename(tmp_path / name)
    (added,) = style_files.import_styles(other, tmp_path / name, SAMPLE)
    assert added.id == "blue" and torch.allclose(painted(other, "blue"), painted(pair, "blue"), atol=1e-6)


def test_rows_alone_are_small_and_need_their_network(pair, other, tmp_path):
    style_files.export_style(pair, "red", tmp_path / "red.safetensors", embeddings_only=True)
    style_files.export_style(pair, "blue", tmp_path / "blue.safetensors")
    assert (tmp_path / "red.safetensors").stat().st_size < (tmp_path / "blue.safetensors").stat().st_size - 5000
    with pytest.raises(BadStyleFile, match="not here"):
        style_files.import_styles(other, tmp_path / "red.safetensors", SAMPLE)
    assert not any(style.own for style in other.styles())
    style_files.import_styles(other, tmp_path / "blue.safetensors", SAMPLE)
    style_files.import_styles(other, tmp_path / "red.safetensors", SAMPLE)
    assert torch.allclose(painted(other, "red"), painted(pair, "red"), atol=1e-6)
    assert other.fast.find(["red", "blue"])
    other.remove("blue")  # and with it the file that has the network
    assert torch.allclose(painted(other, "red"), painted(pair, "red"), atol=1e-6)
    other.remove("red")
    assert not list((tmp_path / "other" / "styles").glob("*.safetensors"))


def test_an_id_that_is_taken_is_not_taken_over(pair, tmp_path):
    style_files.export_style(pair, "red", tmp_path / "red.safetensors")
    (added,) = style_files.import_styles(pair, tmp_path / "red.safetensors", SAMPLE)
    assert added.id == "red-2" and pair.get("red").fast
    pair.remove("red")
    assert pair.get("red-2").fast and pair.get("blue").fast
    with pytest.raises(StyleNotLearnt):
        pair.fast.need(["red"])
    with pytest.raises(UnknownStyle):
        style_files.export_style(pair, "red", tmp_path / "again.safetensors")


def test_a_shipped_style_goes_out_and_comes_in_as_ones_own(other, tmp_path):
    style_files.export_style(other, "starry-night", tmp_path / "starry.safetensors")
    (added,) = style_files.import_styles(other, tmp_path / "starry.safetensors", SAMPLE, title="My night")
    assert (added.id, added.painter, added.fast) == ("my-night", "Vincent van Gogh", True)


def test_a_picture_of_ones_own_can_be_learnt_and_learnt_again(library):
    kept = library.add("Meadow", painting(0.2))
    assert not kept.fast
    for seed in (1, 2):
        library.learn(FastHeader("lean:8x1", 5, (style("meadow", 0),)), weights_of(rows=5, seed=seed), {})
        assert library.get("meadow").fast
    assert len(list(library._own.glob("*.safetensors"))) == 1
    for id, error in (("great-wave", Conflict), ("nobody", UnknownStyle)):
        with pytest.raises(error):
            library.learn(FastHeader("lean:8x1", 5, (style(id, 0),)), weights_of(rows=5), {})


@pytest.mark.slow
def test_a_checkpoint_of_the_example_comes_in(library, tmp_path):
    torch.manual_seed(0)
    theirs = Theirs()
    torch.save(theirs.state_dict(), tmp_path / "candy.pth")
    (added,) = style_files.import_styles(library, tmp_path / "candy.pth", SAMPLE)
    assert (added.id, added.title, added.fast, added.width) == ("candy", "candy", True, 80)
    (named,) = style_files.import_styles(library, tmp_path / "candy.pth", SAMPLE, "Sweets", painting([1, 0, 0]))
    assert named.id == "sweets" and images.decode(library.picture("sweets")).rgb[0, 0, 0] == 1
    choice = library.fast.need(["candy"])
    assert not choice.identity and choice.network == pytorch_examples.NETWORK
    with pytest.raises(StyleNotLearnt, match="mixed"):
        library.fast.need(["candy", "starry-night"])


@pytest.mark.parametrize(
    "changes",
    [
        {"network": "lean:16x1"},
        {"network": "lean:999x1"},
        {"network": "johnson:8-8-8x1"},
        {"rows": 6},
        {"rows": 5000},
        {"pictures": {"blue": "%%%"}},
    ],
)
def test_what_does_not_fit_is_not_kept(pair, other, tmp_path, changes):
    file = tmp_path / "blue.safetensors"
    style_files.export_style(pair, "blue", file)
    rewritten(file, **changes)
    with pytest.raises(BadStyleFile):
        style_files.import_styles(other, file, SAMPLE)
    assert not any(style.own for style in other.styles()) and not list(other._own.glob("*"))


def test_a_picture_in_it_is_looked_at_like_any_other(pair, other, tmp_path):
    file = tmp_path / "blue.safetensors"
    style_files.export_style(pair, "blue", file)
    rewritten(file, pictures={"blue": base64.b64encode(b"\x89PNG\r\n\x1a\n" + bytes(50)).decode()})
    with pytest.raises(BadPicture):
        style_files.import_styles(other, file, SAMPLE)
    assert not any(style.own for style in other.styles())


def test_a_network_that_explodes_is_not_kept(other, tmp_path):
    arrays = {name: array * np.float32(1e30) for name, array in weights_of().items()}
    fast.write(tmp_path / "bad.safetensors", arrays, FastHeader("lean:8x1", 9, (style("red", 0),)))
    with pytest.raises(BadStyleFile, match="beyond all bounds"):
        style_files.import_styles(other, tmp_path / "bad.safetensors", SAMPLE)


def test_one_name_for_two_styles_is_refused(other, tmp_path):
    fast.write(tmp_path / "two.safetensors", weights_of(), FastHeader("lean:8x1", 9, (style("red", 0), style("blue", 1))))
    with pytest.raises(BadStyleFile, match="2 styles"):
        style_files.import_styles(other, tmp_path / "two.safetensors", SAMPLE, title="Both")
    assert [added.id for added in style_files.import_styles(other, tmp_path / "two.safetensors", SAMPLE)] == ["red", "blue"]
