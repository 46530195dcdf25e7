"""Refined embeddings on the disk: there for the next process, bounded, private, and never in the way."""

from __future__ import annotations

import os
import stat

import numpy as np
import pytest
from impasto.models import refined
from impasto.models.refined import RefinedEmbeddings

KEY = ("painting", "picture", "60")


def embedding(number=0):
    return np.random.default_rng(number).standard_normal(30, dtype=np.float32)


def test_what_one_process_keeps_another_finds(tmp_path):
    RefinedEmbeddings(tmp_path / "new").keep(KEY, embedding())
    again = RefinedEmbeddings(tmp_path / "new")
    assert np.array_equal(again.get(KEY), embedding())
    assert again.get(("painting", "picture", "61")) is None
    again.clear()
    assert again.get(KEY) is None and not list((tmp_path / "new").iterdir())


def test_keys_whose_parts_run_together_differ(tmp_path):
    kept = RefinedEmbeddings(tmp_path)
    kept.keep(("a", "bc"), embedding())
    assert kept.get(("ab", "c")) is None


@pytest.mark.skipif(os.name != "posix", reason="Windows keeps the user's folders private by itself")
def test_they_are_the_users_alone(tmp_path):
    RefinedEmbeddings(tmp_path / "new").keep(KEY, embedding())
    (file,) = (tmp_path / "new").iterdir()
    assert stat.S_IMODE(file.parent.stat().st_mode) == 0o700 and stat.S_IMODE(file.stat().st_mode) == 0o600


@pytest.mark.slow
def test_a_damaged_one_counts_as_none_whatever_the_damage(tmp_path):
    RefinedEmbeddings(tmp_path).keep(KEY, embedding())
    (file,) = tmp_path.iterdir()
    whole = file.read_bytes()
    damaged = [whole[:length] for length in range(len(whole))]
    damaged += [whole[:at] + bytes([whole[at] ^ 0x41]) + whole[at + 1 :] for at in range(len(whole))]
    for data in damaged:
        file.write_bytes(data)
        assert RefinedEmbeddings(tmp_path).get(KEY) is None
    file.write_bytes(whole)
    assert RefinedEmbeddings(tmp_path).get(KEY) is not None
    file.rename(file.with_name(f"{'0' * 64}.safetensors"))
    assert RefinedEmbeddings(tmp_path).get(KEY) is None
    RefinedEmbeddings(tmp_path).keep(KEY, embedding(1))
    assert np.array_equal(RefinedEmbeddings(tmp_path).get(KEY), embedding(1)), "refined anew, it is kept anew"


def test_those_that_are_not_used_make_room(tmp_path, monkeypatch):
    monkeypatch.setattr(refined, "MAX_FILES", 3)
    kept = RefinedEmbeddings(tmp_path)
    (tmp_path / ".torn.safetensors.1.part").write_bytes(b"half")
    os.utime(tmp_path / ".torn.safetensors.1.part", (1, 1))
    for number in range(3):
        kept.keep([str(number)], embedding(number))
        for file in tmp_path.iterdir():
            os.utime(file, (file.stat().st_mtime - 100,) * 2)
    kept.get(["0"])
    kept.keep(["3"], embedding(3))
    fresh = RefinedEmbeddings(tmp_path)
    assert [fresh.get([str(number)]) is not None for number in range(4)] == [True, False, True, True]
    assert len(list(tmp_path.iterdir())) == 3


def test_their_bytes_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setattr(refined, "MAX_BYTES", 1000)
    kept = RefinedEmbeddings(tmp_path)
    for number in range(9):
        kept.keep([str(number)], embedding(number))
    assert 0 < sum(file.stat().st_size for file in tmp_path.iterdir()) <= 1000


def test_a_disk_that_cannot_be_written_is_no_trouble(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    kept = RefinedEmbeddings(tmp_path / "file")
    kept.keep(KEY, embedding())
    assert np.array_equal(kept.get(KEY), embedding()), "for as long as the process lives"
    assert RefinedEmbeddings(tmp_path / "file").get(KEY) is None
