"""Photographs to train on: the same crops whenever a step is asked for, and none of those that are held out."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from impasto.errors import BadPicture
from impasto.learning.photos import HELD_OUT, Photos
from PIL import Image


def fill(folder, count, size=(90, 70)):
    folder.mkdir(exist_ok=True)
    for number in range(count):
        Image.new("RGB", size, (number, 255 - number, 128)).save(folder / f"{number:03}.png")
    return folder


def test_a_steps_crops_depend_on_seed_and_step_alone(tmp_path):
    photos = Photos(fill(tmp_path / "photos", 20))
    again = Photos(tmp_path / "photos")
    assert torch.equal(photos.draw(5, 3, 32), again.draw(5, 3, 32))
    assert not torch.equal(photos.draw(5, 3, 32), photos.draw(6, 3, 32))
    assert not torch.equal(photos.draw(5, 3, 32), photos.draw(5, 3, 32, seed=1))
    assert photos.draw(0, 3, 32).shape == (3, 3, 32, 32)


@pytest.mark.slow
def test_held_out_photographs_are_never_drawn(tmp_path):
    photos = Photos(fill(tmp_path / "photos", 100))
    held = {int(file.stem) for file in photos.held_out}
    assert len(held) == HELD_OUT and len(photos) == 100 - HELD_OUT
    drawn = {round(float(photos.draw(step, 8, 16)[k, 0].mean() * 255)) for step in range(60) for k in range(8)}
    assert drawn and not drawn & held
    seen = photos.validation(70)
    assert {round(float(one[0].mean() * 255)) for one in seen} == held


def test_photographs_that_only_impasto_reads(tmp_path):
    folder = fill(tmp_path / "photos", 16)
    image = Image.new("RGB", (90, 70), (10, 200, 30))
    image.save(folder / "leaf.bmp")
    pillow_heif = pytest.importorskip("pillow_heif", reason="pillow-heif, which makes and reads HEIC, is not installed")
    pillow_heif.from_pillow(image).save(folder / "leaf.heic", quality=95)
    photos = Photos(folder)
    assert not photos.unreadable and len(photos) == 18
    assert np.abs(photos._pictures[-1].mean(axis=(0, 1)) - [10, 200, 30]).max() < 4


def test_files_that_are_no_pictures_are_counted_and_passed_over(tmp_path):
    folder = fill(tmp_path / "photos", 20)
    (folder / "broken.jpg").write_bytes(b"\xff\xd8 not really")
    (folder / "notes.txt").write_text("no picture", encoding="utf-8")
    Image.new("RGB", (20, 20)).save(folder / "tiny.png")
    seen = []
    photos = Photos(folder, on_read=lambda done, total: seen.append((done, total)))
    assert photos.unreadable == ["broken.jpg", "tiny.png"]
    assert len(photos) == 20 and seen[-1] == (22, 22)


def test_too_few_are_refused_with_a_count(tmp_path):
    with pytest.raises(BadPicture, match="has 5 photographs"):
        Photos(fill(tmp_path / "photos", 5))


def test_crops_stay_inside_tall_and_wide_pictures(tmp_path):
    photos = Photos(fill(tmp_path / "photos", 16, size=(400, 66)))
    assert np.isfinite(photos.draw(0, 8, 48).numpy()).all()
