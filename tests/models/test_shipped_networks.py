"""The networks that ship: damaged, empty or gone, somebody is told, and nothing fails that could be painted in another way."""

from __future__ import annotations

import shutil

import pytest
from impasto.errors import StyleNotLearnt
from impasto.machine import Machine
from impasto.methods.choice import choose, plan, slowed_down
from impasto.models import FastLibrary, fast_library, predictor, shipped_networks
from impasto.paths import Paths, shipped
from impasto.settings import Settings
from impasto.stylization import Stylization

SHIPPED = shipped()


@pytest.fixture
def models(tmp_path, monkeypatch):
    """A copy of what ships, to be damaged."""
    for name in (*shipped_networks.NETWORKS, shipped_networks.DIGESTS):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        shutil.copyfile(SHIPPED / name, tmp_path / name)

    def copied(*parts):
        return tmp_path.joinpath(*parts)

    for module in (shipped_networks, fast_library, predictor):
        monkeypatch.setattr(module, "shipped", copied)
    return tmp_path


@pytest.fixture
def library(models, tmp_path):
    settings = Settings(data_dir=str(tmp_path / "data"))
    return FastLibrary(Paths.of(settings), settings)


def flip(file, place):
    data = bytearray(file.read_bytes())
    data[place] ^= 1
    file.write_bytes(data)


DAMAGES = {
    "gone": lambda file: file.unlink(),
    "empty": lambda file: file.write_bytes(b""),
    "cut": lambda file: file.write_bytes(file.read_bytes()[:-1000]),
    "a number in it": lambda file: flip(file, -5),
    "its header": lambda file: flip(file, 40),
    "noise": lambda file: file.write_bytes(b"noise" * 1000),
}


def test_the_networks_that_ship_are_those_whose_digests_ship():
    """Whoever makes one anew: shipped_networks.write_digests()."""
    assert shipped_networks.troubles() == []


@pytest.mark.parametrize("damage", DAMAGES)
def test_without_its_network_a_fast_style_is_painted_slowly_and_says_why(models, library, damage):
    stylization = Stylization(style=("scream",))
    assert choose(stylization, library)[0].name == "fast" and slowed_down(stylization, "fast", library) == ""
    DAMAGES[damage](models / "fast/impasto.safetensors")
    [trouble] = shipped_networks.troubles()
    assert "fast styles" in trouble and any(word in trouble for word in ("gone", "empty", "damaged"))
    method, reason = choose(stylization, library)
    assert method.name == "iterative" and trouble in reason
    assert trouble in slowed_down(stylization, method.name, library)
    with pytest.raises(StyleNotLearnt) as refused:
        choose(Stylization(style=("scream",), method="fast"), library)
    assert trouble in refused.value.message and "Install" in refused.value.hint
    assert trouble in plan(stylization, (300, 400), library, Settings(), Machine("cpu")).reason
    assert slowed_down(Stylization(style=("scream",), method="iterative"), "iterative", library) == "", "it was asked for"


@pytest.mark.parametrize("damage", DAMAGES)
def test_without_the_predictor_other_pictures_are_painted_slowly_and_say_why(models, library, damage):
    DAMAGES[damage](models / "predictor/impasto.safetensors")
    [trouble] = shipped_networks.troubles()
    stylization = Stylization(style=("upload:0",))
    method, reason = choose(stylization, library)
    assert method.name == "iterative" and trouble in reason and trouble in slowed_down(stylization, method.name, library)
    assert choose(Stylization(style=("scream",)), library)[0].name == "fast", "the others are as fast as ever"
