"""Weights on disk prove that they are whole, and published files come out as published."""

from __future__ import annotations

import json

import numpy as np
import pytest
from impasto.errors import DigestMismatch
from impasto.models import Convention, convert, vgg, weights
from impasto.models.weights import Header
from safetensors.numpy import save_file

from .conftest import HED_MEMBER, hed_wheel, random_arrays, torchvision_file

pytestmark = pytest.mark.usefixtures("small")
HEADER = Header("vgg16", Convention((0.5, 0.4, 0.3), (0.2, 0.2, 0.2)), "tests", "ab" * 32, "for tests")


def same(arrays, others):
    return arrays.keys() == others.keys() and all(np.array_equal(arrays[name], others[name]) for name in arrays)


@pytest.fixture
def written(tmp_path):
    file = tmp_path / "vgg16.safetensors"
    weights.write(file, random_arrays("vgg16"), HEADER)
    return file


def test_what_is_written_is_read(written):
    arrays, header = weights.read(written, "vgg16")
    assert same(arrays, random_arrays("vgg16"))
    assert (header.convention, header.source, header.licence) == (HEADER.convention, "tests", "for tests")
    assert weights.inspect(written) == header
    assert [f.name for f in written.parent.iterdir()] == [written.name]


def flip_a_bit(file):
    content = bytearray(file.read_bytes())
    content[-100] ^= 1
    file.write_bytes(content)


def rewrite(file, change):
    """Write the file anew with changed tensors or metadata, otherwise well-formed."""
    arrays, header = weights.read(file)
    metadata = header.to_metadata()
    arrays, metadata = change(arrays, metadata) or (arrays, metadata)
    save_file(arrays, file, metadata=metadata)


def with_tensor(name, array):
    def change(arrays, metadata):
        arrays[name] = array

    return change


def with_digest_of(name, array):
    """A file that lies consistently: the digest is right, the tensor is not."""

    def change(arrays, metadata):
        arrays[name] = array
        metadata["tensors_sha256"] = weights.digest_of_tensors(arrays)

    return change


HEADER_DAMAGE = {
    "truncated": lambda f: f.write_bytes(f.read_bytes()[:-1]),
    "something added": lambda f: f.write_bytes(f.read_bytes() + b"x"),
    "empty": lambda f: f.write_bytes(b""),
    "seven bytes": lambda f: f.write_bytes(b"1234567"),
    "a huge header": lambda f: f.write_bytes((1 << 62).to_bytes(8, "little") + b"{}"),
    "a header of 2 MB": lambda f: f.write_bytes((2 << 20).to_bytes(8, "little") + b" " * (2 << 20)),
    "no JSON": lambda f: f.write_bytes((8).to_bytes(8, "little") + b"nonsense"),
    "offsets outside": lambda f: f.write_bytes(
        (h := json.dumps({"conv1_1.bias": {"dtype": "F32", "shape": [4], "data_offsets": [0, 99999]}}).encode())
        and len(h).to_bytes(8, "little") + h
    ),
    "no metadata": lambda f: save_file(random_arrays("vgg16"), f),
    "somebody else's metadata": lambda f: save_file(random_arrays("vgg16"), f, metadata={"format": "pt"}),
    "a broken convention": lambda f: rewrite(f, lambda a, m: m.update(convention='{"mean": [1, 2], "std": [1, 1, 1]}')),
    "no number": lambda f: rewrite(f, lambda a, m: m.update(convention='{"mean": [1, 2, NaN], "std": [1, 1, 1]}')),
    "a missing tensor": lambda f: rewrite(f, lambda a, m: a.pop("conv3_2.weight") is None),
    "a tensor too many": lambda f: rewrite(f, with_tensor("conv9_1.bias", np.zeros(3, np.float32))),
    "another shape": lambda f: rewrite(f, with_tensor("conv1_1.bias", np.zeros(5, np.float32))),
    "another dtype": lambda f: rewrite(f, with_tensor("conv1_1.bias", np.zeros(4, np.float64))),
    "another network": lambda f: weights.write(f, random_arrays("vgg19"), Header(**HEADER.__dict__ | {"architecture": "vgg19"})),
}

NUMBER_DAMAGE = {
    "a flipped bit": flip_a_bit,
    "another number": lambda f: rewrite(f, with_tensor("conv1_1.bias", np.zeros(4, np.float32))),
    "not a number": lambda f: rewrite(f, with_digest_of("conv1_1.bias", np.full(4, np.nan, np.float32))),
    "infinity": lambda f: rewrite(f, with_digest_of("conv1_1.bias", np.full(4, np.inf, np.float32))),
}


@pytest.mark.parametrize("case", HEADER_DAMAGE)
def test_damage_that_the_header_shows(written, case):
    HEADER_DAMAGE[case](written)
    with pytest.raises(DigestMismatch):
        weights.inspect(written, "vgg16")
    with pytest.raises(DigestMismatch):
        weights.read(written, "vgg16")


@pytest.mark.parametrize("case", NUMBER_DAMAGE)
def test_damage_in_the_numbers(written, case):
    NUMBER_DAMAGE[case](written)
    with pytest.raises(DigestMismatch):
        weights.read(written, "vgg16")


@pytest.mark.parametrize("bias", [None, np.zeros(1, np.float32), np.zeros(6, np.float16), np.full(6, np.nan, np.float32)])
def test_wrong_tensors_are_never_written(tmp_path, bias):
    arrays = random_arrays("vgg16")
    del arrays["conv2_1.bias"]
    if bias is not None:
        arrays["conv2_1.bias"] = bias
    with pytest.raises(DigestMismatch):
        weights.write(tmp_path / "x.safetensors", arrays, HEADER)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("architecture", ["vgg16", "vgg19"])
@pytest.mark.parametrize("zipped", [True, False], ids=["zip", "legacy"])
def test_torchvision_files(tmp_path, architecture, zipped):
    """Both of PyTorch's file formats: the published VGG-19 is of the older one."""
    arrays = random_arrays(architecture)
    file = tmp_path / "net.pth"
    file.write_bytes(torchvision_file(arrays, architecture, zipped))
    assert same(convert.arrays(file, "torchvision", architecture), arrays)


def test_the_wheel_s_first_kernel_is_turned_to_rgb(tmp_path):
    arrays = random_arrays("vgg16")
    file = tmp_path / "net.whl"
    file.write_bytes(hed_wheel(arrays))
    assert same(convert.arrays(file, "hed", "vgg16", HED_MEMBER), arrays)


def test_nothing_is_unpickled(tmp_path):
    import torch

    class Bomb:
        def __reduce__(self):
            return (tmp_path.joinpath("boom").touch, ())

    file = tmp_path / "net.pth"
    torch.save({"features.0.weight": Bomb()}, file)
    with pytest.raises(DigestMismatch):
        convert.arrays(file, "torchvision", "vgg16")
    assert not (tmp_path / "boom").exists()


@pytest.mark.parametrize(
    ("layout", "content"), [("torchvision", b""), ("torchvision", b"nonsense"), ("hed", b""), ("hed", b"PK\3\4nonsense")]
)
def test_files_that_are_something_else(tmp_path, layout, content):
    file = tmp_path / "net"
    file.write_bytes(content)
    with pytest.raises(DigestMismatch):
        convert.arrays(file, layout, "vgg16", HED_MEMBER)


@pytest.mark.parametrize(("member", "architecture"), [("another.h5", "vgg16"), (HED_MEMBER, "vgg19")])
def test_a_wheel_without_what_is_wanted(tmp_path, member, architecture):
    file = tmp_path / "net.whl"
    file.write_bytes(hed_wheel(random_arrays("vgg16"), member))
    with pytest.raises(DigestMismatch):
        convert.arrays(file, "hed", architecture, HED_MEMBER)


def test_a_member_that_would_fill_the_memory(tmp_path, monkeypatch):
    monkeypatch.setattr(convert, "MAX_MEMBER", 100)
    file = tmp_path / "net.whl"
    file.write_bytes(hed_wheel(random_arrays("vgg16")))
    with pytest.raises(DigestMismatch, match="larger"):
        convert.arrays(file, "hed", "vgg16", HED_MEMBER)


def test_the_tables_are_those_of_the_paper(monkeypatch):
    monkeypatch.undo()
    assert [layer.name for layer in vgg.layers("vgg16")][-3:] == ["conv5_1", "conv5_2", "conv5_3"]
    assert (len(vgg.layers("vgg16")), len(vgg.layers("vgg19"))) == (13, 16)
    numbers = sum(int(np.prod(shape)) for shape in vgg.shapes("vgg19").values())
    assert numbers == 20_024_384
