"""`impasto styles import`, `export`, `preview`: fast styles from one machine to another."""

from __future__ import annotations

import json

import numpy as np
import pytest
import torch
from impasto import images
from models.example_network import Theirs

from .conftest import paint


def listed(impasto):
    return {style["id"]: style for style in json.loads(impasto("styles", "list", "--json").out)}


@pytest.mark.slow
def test_a_style_goes_out_comes_in_and_is_removed(impasto, folders):
    reply = impasto("styles", "export", "great-wave", "-o", folders / "wave.safetensors")
    assert reply.code == 0 and "kB" in reply.out, reply.err
    again = impasto("styles", "export", "great-wave", "-o", folders / "wave.safetensors")
    assert again.code != 0 and "--overwrite" in again.err
    added = impasto("styles", "import", folders / "wave.safetensors", "--name", "Mine")
    assert added.code == 0 and "as mine" in added.out, added.err
    assert listed(impasto)["mine"]["fast"] and listed(impasto)["mine"]["own"]
    shown = impasto("styles", "show", "mine").out
    assert "hourglass:" in shown and "Training" in shown and "Hokusai" in shown
    assert impasto("styles", "remove", "mine").code == 0
    assert "mine" not in listed(impasto)


def test_under_a_hundred_kilobytes_are_enough_where_the_network_is(impasto, folders):
    assert impasto("styles", "export", "scream", "--rows-only").code == 0
    file = folders / "scream.safetensors"
    assert file.stat().st_size < 100_000
    added = impasto("styles", "import", file)
    assert added.code == 0, added.err
    assert listed(impasto)["the-scream"]["fast"]


@pytest.mark.slow
def test_a_renamed_style_is_painted_by_its_network_and_goes_out_by_its_new_name(impasto, folders):
    assert impasto("styles", "export", "scream", "--rows-only").code == 0
    assert impasto("styles", "import", folders / "scream.safetensors", "--name", "Mine").code == 0
    before = (folders / "data" / "styles" / "mine.safetensors").read_bytes()
    reply = impasto("styles", "rename", "mine", "The old harbour")
    assert reply.code == 0 and "The old harbour" in reply.out, reply.err
    assert (listed(impasto)["mine"]["title"], listed(impasto)["mine"]["fast"]) == ("The old harbour", True)
    assert (folders / "data" / "styles" / "mine.safetensors").read_bytes() == before
    assert impasto("styles", "export", "mine", "--rows-only", "-o", folders / "out.safetensors").code == 0
    assert impasto("styles", "import", folders / "out.safetensors").code == 0
    assert listed(impasto)["the-old-harbour"]["title"] == "The old harbour"
    for id, name, said in [
        ("mine", "two\nlines", "one line"),
        ("mine", " ", "1 to 100"),
        ("scream", "x", "ships"),
        ("none", "x", "no style"),
    ]:
        refused = impasto("styles", "rename", id, name)
        assert refused.code != 0 and said in refused.err, refused.err


def test_a_preview_is_painted_without_weights(impasto, folders):
    photo = paint(folders / "photo.png", side=64)
    reply = impasto("styles", "preview", "scream", photo, "--size", 64)
    assert reply.code == 0, reply.err
    before, after = (images.decode((folders / name).read_bytes()) for name in ("photo.png", "scream-preview.png"))
    assert after.rgb.shape == before.rgb.shape and np.abs(after.rgb - before.rgb).mean() > 0.02
    assert impasto("styles", "add", photo, "--name", "Unlearnt").code == 0
    refused = impasto("styles", "preview", "unlearnt")
    assert refused.code != 0 and "unlearnt" in refused.err


@pytest.mark.slow
def test_a_checkpoint_of_the_pytorch_example(impasto, folders):
    torch.manual_seed(0)
    torch.save(Theirs().state_dict(), folders / "candy.pth")
    painting = paint(folders / "candy.png", colour=(250, 20, 90))
    added = impasto("styles", "import", folders / "candy.pth", "--picture", painting, "--json")
    assert added.code == 0, added.err
    assert [(style["id"], style["fast"]) for style in json.loads(added.out)] == [("candy", True)]
    assert impasto("styles", "preview", "candy", painting, "--size", 64).code == 0


def test_what_is_no_style_is_refused_in_words(impasto, folders):
    (folders / "notes.txt").write_text("Dear diary", encoding="utf-8")
    reply = impasto("styles", "import", folders / "notes.txt")
    assert reply.code != 0 and "no fast style" in reply.err and "Traceback" not in reply.err
    assert not any(style["own"] for style in listed(impasto).values())
    assert impasto("styles", "add", paint(folders / "own.png", side=64), "--name", "Unlearnt").code == 0
    reply = impasto("styles", "export", "unlearnt")
    assert reply.code != 0 and "No network has learnt 'unlearnt'" in reply.err
