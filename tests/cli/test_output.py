"""Where a result goes: refused before the first step, written whole."""

from __future__ import annotations

import os

import pytest
from impasto.cli import output
from impasto.errors import Conflict, DiskFull, InvalidParameter


@pytest.mark.parametrize(
    "name, format, expected",
    [
        ("a.png", "", "png"),
        ("a.JPG", "", "jpeg"),
        ("a.jpeg", "", "jpeg"),
        ("a.tif", "", "tiff"),
        ("a.tiff", "", "tiff"),
        ("a.webp", "", "webp"),
        ("a.npy", "", "npy"),
        ("a.dat", "tiff", "tiff"),
        ("a", "JPG", "jpeg"),
        ("ä ö.png", "", "png"),
        ("-", "webp", "webp"),
        ("-", "", "png"),
    ],
)
def test_formats_by_extension_or_by_name(folders, name, format, expected):
    assert output.resolve(name, format, overwrite=False, sources=[]).format == expected


@pytest.mark.parametrize(
    "name, format, kind, words",
    [
        ("a.gif", "", InvalidParameter, [".gif", ".png"]),
        ("a", "", InvalidParameter, ["extension"]),
        ("a.png", "bmp", InvalidParameter, ["bmp", "png, jpeg"]),
        ("there.png", "", Conflict, ["exists already", "--overwrite"]),
        ("folder", "", InvalidParameter, ["folder", "painted.png"]),
        ("missing/a.png", "", DiskFull, ["no folder", "missing"]),
        ("there.png/a.png", "", DiskFull, ["there.png"]),
    ],
)
def test_what_cannot_be_written_is_known_before(folders, name, format, kind, words):
    (folders / "there.png").write_bytes(b"x")
    (folders / "folder").mkdir()
    with pytest.raises(kind) as caught:
        output.resolve(name, format, overwrite=False, sources=[])
    assert all(word in f"{caught.value.message} {caught.value.hint}" for word in words)
    assert (folders / "there.png").read_bytes() == b"x"


def test_a_source_is_never_overwritten(folders, photo):
    with pytest.raises(Conflict, match="that are read"):
        output.resolve(str(photo), "", overwrite=True, sources=[photo])


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_without_permission(folders):
    (folders / "closed").mkdir(mode=0o500)
    with pytest.raises(DiskFull, match="cannot be written"):
        output.resolve("closed/a.png", "", overwrite=False, sources=[])


def test_written_whole_with_ordinary_rights_and_nothing_beside_it(folders):
    target = output.resolve("sub.png", "", overwrite=False, sources=[])
    target.write(b"one")
    output.resolve("sub.png", "", overwrite=True, sources=[]).write(b"two")
    assert (folders / "sub.png").read_bytes() == b"two"
    assert [f.name for f in folders.iterdir() if f.is_file()] == ["sub.png"]
    if os.name == "posix":
        plain = folders / "plain"
        plain.write_bytes(b"")
        assert (folders / "sub.png").stat().st_mode == plain.stat().st_mode


def test_a_failed_write_leaves_the_old_file(folders, monkeypatch):
    (folders / "a.png").write_bytes(b"old")

    def no_room(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("pathlib.Path.replace", no_room)
    with pytest.raises(DiskFull, match="No space"):
        output.write_bytes(folders / "a.png", b"new")
    assert [f.name for f in folders.iterdir()] == ["a.png"] and (folders / "a.png").read_bytes() == b"old"
