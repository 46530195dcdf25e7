"""Checkpoints of PyTorch's fast_neural_style example: the same picture comes out, and nothing else comes in."""

from __future__ import annotations

import pickle
import zipfile
from pathlib import Path

import pytest
import torch
from impasto.errors import BadStyleFile
from impasto.models import pytorch_examples
from impasto.style import layers, transformer
from torch import nn

from .example_network import Theirs


@pytest.fixture
def theirs():
    torch.manual_seed(5)
    network = Theirs().eval()
    with torch.no_grad():
        for norm in (m for m in network.modules() if isinstance(m, nn.InstanceNorm2d)):
            norm.weight.uniform_(0.5, 1.5)
            norm.bias.uniform_(-0.5, 0.5)
        network.conv2.conv2d.weight.mul_(1e-3)  # a layer with so little in it that what norms add is felt
        network.deconv3.conv2d.weight.mul_(60)
        network.deconv3.conv2d.bias.fill_(120)
    return network


def read(file):
    return pytorch_examples.read(file, transformer.INPUT_MEAN, transformer.INPUT_STD, layers.NORM_EPS)


@pytest.mark.parametrize("older", [False, True])
def test_the_picture_is_the_originals(theirs, tmp_path, older):
    state = dict(theirs.state_dict())
    if older:  # before PyTorch 0.4.1, instance norms kept running means
        state |= {f"{name}.running_mean": torch.zeros(3) for name in ("in1", "res1.in1", "in5")}
    torch.save(state, tmp_path / "mosaic.pth", _use_new_zipfile_serialization=not older)
    network = transformer.build(pytorch_examples.NETWORK, pytorch_examples.ROWS).eval()
    network.load_state_dict({name: torch.from_numpy(array) for name, array in read(tmp_path / "mosaic.pth").items()})
    photo = torch.rand(1, 3, 64, 48)
    with torch.inference_mode():
        wanted = theirs(photo * 255) / 255
        ours = network(photo, torch.tensor([[0.25, 0.75]]))
    assert wanted.std() > 0.05 and (ours - wanted).abs().max() < 2e-3 * wanted.abs().max()


class Danger:
    """A pickle that leaves a trace where it is run."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self):
        return Path.touch, (self.trace,)


def test_nothing_in_it_is_run(tmp_path, theirs):
    torch.save({**theirs.state_dict(), "conv1.conv2d.bias": Danger(tmp_path / "was run")}, tmp_path / "zip.pth")
    (tmp_path / "plain.pth").write_bytes(pickle.dumps(Danger(tmp_path / "was run"), protocol=2))
    for name in ("zip.pth", "plain.pth"):
        with pytest.raises(BadStyleFile):
            read(tmp_path / name)
    assert not (tmp_path / "was run").exists()


@pytest.mark.parametrize(
    "change, word",
    [
        ({"conv1.conv2d.weight": torch.zeros(32, 3, 9, 8)}, "shape"),
        ({"more": torch.zeros(1)}, "too much"),
        ({"in1.weight": torch.full((32,), torch.nan)}, "finite"),
        ({"in1.weight": None}, "shape"),
        ({"in1.weight": torch.zeros(1).expand(10**12)}, "shape"),
        ({"in1.weight": torch.zeros(32, dtype=torch.int64)}, "shape"),
        ({"in1.weight": torch.zeros(32).to_sparse()}, "shape"),
        ({5: torch.zeros(1)}, "does not hold"),
    ],
)
def test_what_is_no_such_network_is_refused(tmp_path, theirs, change, word):
    torch.save({**theirs.state_dict(), **change}, tmp_path / "bad.pth")
    with pytest.raises(BadStyleFile, match=word):
        read(tmp_path / "bad.pth")


@pytest.mark.parametrize("data", [b"", b"PK\x03\x04", b"\x80\x02}", b"\x80\x02" + b"x" * 1000])
def test_damaged_files_are_refused(tmp_path, data):
    (tmp_path / "bad.pth").write_bytes(data)
    with pytest.raises(BadStyleFile):
        read(tmp_path / "bad.pth")


def test_a_truncated_file_and_a_whole_model_are_refused(tmp_path, theirs):
    torch.save(theirs.state_dict(), tmp_path / "good.pth")
    data = (tmp_path / "good.pth").read_bytes()
    (tmp_path / "half.pth").write_bytes(data[: len(data) // 2])
    torch.save(theirs.conv1.conv2d, tmp_path / "model.pth")
    for name in ("half.pth", "model.pth"):
        with pytest.raises(BadStyleFile):
            read(tmp_path / name)


@pytest.mark.slow
def test_an_archive_that_would_unpack_to_far_too_much_is_not_unpacked(tmp_path):
    with zipfile.ZipFile(tmp_path / "bomb.pth", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("archive/data.pkl", bytes(70 << 20))
    assert (tmp_path / "bomb.pth").stat().st_size < 1 << 20
    with pytest.raises(BadStyleFile, match="unpacks"):
        read(tmp_path / "bomb.pth")
