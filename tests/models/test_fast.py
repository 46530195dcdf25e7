"""Fast styles as files: what is written is read, what is damaged or hostile is refused, and the right network is chosen."""

from __future__ import annotations

import dataclasses
import json

import numpy as np
import pytest
from impasto.errors import BadStyleFile, StyleNotLearnt
from impasto.models import FastHeader, FastLibrary, FastStyle, StyleLibrary, fast, weights
from impasto.paths import Paths, shipped
from impasto.settings import Settings
from impasto.style import mixing
from safetensors.numpy import save_file


def style(id="mine", rows=(1, 2, 3, 4)):
    return FastStyle(id, "Mine", "Me", "2026", "your own", rows)


HEADER = FastHeader("lean:8x1", 5, (style(),), training={"steps": 7}, quality={"style": 0.1})
ARRAYS = {"a.weight": np.arange(6, dtype=np.float32).reshape(2, 3), "b.gamma": np.ones((3, 4), np.float32)}


@pytest.fixture
def paths(tmp_path):
    found = Paths.of(Settings(data_dir=str(tmp_path / "data")))
    found.styles.mkdir(parents=True)
    return found


@pytest.fixture
def file(paths):
    fast.write(paths.styles / "mine.safetensors", ARRAYS, HEADER)
    return paths.styles / "mine.safetensors"


def test_what_is_written_is_read(file):
    header, arrays = fast.read(file)
    assert dataclasses.replace(header, tensors_sha256="", base="") == HEADER
    assert header.whole and header.base == fast.base_of(ARRAYS)
    assert header == fast.inspect(file)
    assert all(np.array_equal(arrays[name], ARRAYS[name]) for name in ARRAYS)


def metadata(**changes):
    reply = {**dataclasses.asdict(HEADER), **changes}
    return {"format": fast.FORMAT, "impasto": json.dumps(reply)}


@pytest.mark.parametrize(
    "reply",
    [
        None,
        {"format": "pt"},
        {"format": fast.FORMAT},
        {"format": fast.FORMAT, "impasto": "{"},
        {"format": fast.FORMAT, "impasto": "[]"},
        metadata(more=1),
        metadata(rows="3"),
        metadata(network=5),
        metadata(styles=[{}]),
        metadata(styles=5),
        metadata(styles=[dataclasses.asdict(style("../up"))]),
        metadata(styles=[dataclasses.asdict(style(rows=(1, 2, 3, 5)))]),
        metadata(styles=[]),
        metadata(styles=[dataclasses.asdict(style())] * 2),
        metadata(base="../x"),
        metadata(whole=1),
        metadata(styles=[dataclasses.asdict(style(rows=(0,)))]),
        metadata(styles=[dataclasses.asdict(style(rows=(True,)))]),
        metadata(styles=[dataclasses.asdict(style(rows=()))]),
        metadata(styles=[dataclasses.asdict(style(rows=(1, 2)))]),
        metadata(styles=[dataclasses.asdict(style()) | {"rows": 3}]),
        metadata(pictures={"mine": 5}),
        metadata(quality=float("nan")),
        metadata(training={"loss": float("inf")}),
        metadata(styles=[dataclasses.asdict(style()) | {"title": "x" * 301}]),
        metadata(styles=[dataclasses.asdict(style()) | {"title": 5}]),
    ],
)
def test_a_header_that_is_not_ours_is_refused(file, reply):
    save_file(ARRAYS, file, metadata=reply)
    with pytest.raises(BadStyleFile):
        fast.inspect(file)


@pytest.mark.parametrize(
    "arrays", [{**ARRAYS, "b.gamma": np.full((3, 4), np.nan, np.float32)}, {**ARRAYS, "b.gamma": np.ones((3, 4), np.float16)}]
)
def test_numbers_that_cannot_be_painted_with_are_refused(file, arrays):
    fast.write(file, arrays, HEADER)
    with pytest.raises(BadStyleFile, match=r"b\.gamma"):
        fast.read(file)


def test_a_changed_byte_is_noticed(file):
    data = bytearray(file.read_bytes())
    data[-3] ^= 1
    file.write_bytes(data)
    with pytest.raises(BadStyleFile, match="changed"):
        fast.read(file)


def test_a_base_under_a_false_name_is_refused(file):
    save_file(ARRAYS, file, metadata=metadata(base="0" * 64, tensors_sha256=weights.digest_of_tensors(ARRAYS)))
    with pytest.raises(BadStyleFile, match="header names"):
        fast.read(file)


@pytest.mark.parametrize("data", [b"", b"x" * 7, b"\xff" * 8 + b"{}", b"PK\x03\x04" * 100, b"\x80\x04\x95" * 50])
def test_a_file_of_another_kind_is_refused_and_hides_no_other(file, data):
    (file.parent / "aaa.safetensors").write_bytes(data)
    with pytest.raises(BadStyleFile):
        fast.read(file.parent / "aaa.safetensors")
    assert "mine" in FastLibrary(Paths(data=file.parents[1], weights=file, drop_in=file, runtime=file), Settings()).ids()


def test_a_file_too_large_is_not_opened(file, monkeypatch):
    monkeypatch.setattr(fast, "MAX_FILE_BYTES", 10)
    with pytest.raises(BadStyleFile, match="at most"):
        fast.read(file)


ROWS = {name: array for name, array in ARRAYS.items() if fast.is_embedding(name)}


def test_styles_of_one_base_are_mixed_whatever_files_they_are_in(paths, file):
    other = dataclasses.replace(HEADER, styles=(style("other"),), base=fast.base_of(ARRAYS))
    fast.write(paths.styles / "aaa.safetensors", ROWS, other)
    choice = FastLibrary(paths, Settings()).find(("other", "mine"))
    assert choice.base == file and choice.files == (paths.styles / "aaa.safetensors", file)
    assert (paths.styles / "aaa.safetensors").stat().st_size < 2000


def test_rows_without_their_base_are_named_as_that_and_not_offered(paths):
    fast.write(paths.styles / "aaa.safetensors", ROWS, dataclasses.replace(HEADER, base="0" * 64))
    library = FastLibrary(paths, Settings())
    assert "mine" not in library.ids() and library.find(["mine"]) is None
    with pytest.raises(StyleNotLearnt, match="only the style"):
        library.need(["mine"])


def test_a_file_that_was_replaced_is_read_again(paths, file):
    library = FastLibrary(paths, Settings())
    assert "mine" in library.ids()
    fast.write(file, ARRAYS, dataclasses.replace(HEADER, styles=(style("another"),)))
    assert "another" in library.ids() and "mine" not in library.ids()
    file.unlink()
    assert "another" not in library.ids()


def test_styles_of_two_networks_are_not_mixed(paths, file):
    others = ARRAYS | {"a.weight": np.zeros((2, 3), np.float32)}
    fast.write(paths.styles / "other.safetensors", others, dataclasses.replace(HEADER, styles=(style("other"),)))
    with pytest.raises(StyleNotLearnt, match="mixed"):
        FastLibrary(paths, Settings()).need(["mine", "other"])
    assert FastLibrary(paths, Settings()).find(["mine", "other"]) is None


# -- what ships ------------------------------------------------------------------------------------------------------


def test_what_ships_is_small_sound_and_has_pictures():
    files = list(shipped("fast").glob("*.safetensors"))
    assert files and sum(file.stat().st_size for file in files) < 16_000_000
    settings = Settings()
    library = StyleLibrary(Paths.of(settings), settings)
    learnt = [one for one in library.styles() if one.fast]
    assert len(learnt) >= 4
    for file in files:
        header, _ = fast.read(file)
        assert header.training and header.quality
        assert {one.id for one in header.styles} <= {one.id for one in learnt}


def test_a_styles_rows_are_those_that_networks_are_trained_with():
    assert max(fast.EMBEDDINGS_OF_A_STYLE) == mixing.EMBEDDINGS_PER_STYLE


def test_a_file_of_another_version_says_what_to_do(file):
    save_file(ARRAYS, file, metadata=metadata() | {"format": "impasto-fast-1"})
    with pytest.raises(BadStyleFile, match="another version") as refused:
        fast.inspect(file)
    assert "again" in refused.value.hint
