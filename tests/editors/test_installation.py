"""A plug-in goes in whole or not at all, touches nothing that is not ours, and comes out without a trace."""

from __future__ import annotations

import json
import os
import shutil
from pathlib import Path

import pytest
from impasto import editors
from impasto.editors import ABSENT, CHANGED, CURRENT, FOREIGN, GIMP, KRITA, OTHER, Editor
from impasto.editors.bundle import MARKER, Bundle
from impasto.errors import Conflict, DiskFull

LAUNCH = {"serve": ["/home/Zoë/venv/bin/impasto", "serve"], "runtime": "/home/Zoë/daemon.json", "log": "", "environment": {}}


def bundle(kind=GIMP, **more):
    folder = {GIMP: "impasto-neural-style", KRITA: "impasto_neural_style"}[kind]
    inside = {
        f"{folder}.py": b"#!/usr/bin/env python3\n",
        "client/wire.py": b"x = 1\n",
        "client/locale/de/LC_MESSAGES/impasto.mo": b"m",
    }
    beside = {f"pykrita/{folder}.desktop": b"[Desktop Entry]\n", f"actions/{folder}.action": b"<x/>"} if kind == KRITA else {}
    return Bundle(
        kind,
        folder,
        {**inside, **{name: data.encode() for name, data in more.items()}},
        beside,
        frozenset({f"{folder}.py"} if kind == GIMP else ()),
    )


@pytest.fixture
def gimp(tmp_path):
    return Editor(GIMP, "3.0", "native", tmp_path / "Zoë" / "GIMP" / "3.0" / "plug-ins")


@pytest.fixture
def krita(tmp_path):
    return Editor(KRITA, "5.2.9", "native", tmp_path / "Zoë" / "krita" / "pykrita", None, tmp_path / "Zoë" / "config" / "kritarc")


def everything(folder: Path) -> dict[str, bytes | None]:
    return {str(path.relative_to(folder)): None if path.is_dir() else path.read_bytes() for path in folder.rglob("*")}


def test_into_gimp(gimp, tmp_path):
    assert editors.install(gimp, bundle(), LAUNCH).state == ABSENT
    folder = gimp.plugins / "impasto-neural-style"
    assert (folder / "client/wire.py").read_bytes() == b"x = 1\n"
    assert json.loads((folder / "command.json").read_text(encoding="utf-8")) == LAUNCH
    assert json.loads((folder / MARKER).read_text(encoding="utf-8"))["plugin"] == GIMP
    assert os.name != "posix" or os.access(folder / "impasto-neural-style.py", os.X_OK)
    assert [path.name for path in gimp.plugins.iterdir()] == [folder.name], "nothing half-made is left"
    found = editors.state(gimp, bundle())
    assert (found.state, found.languages, found.switched_on) == (CURRENT, ("de",), None)


def test_into_krita_where_each_file_has_a_place_of_its_own(krita):
    krita.settings.parent.mkdir(parents=True)
    krita.settings.write_bytes(b"[theme]\nTheme=Breeze\n")
    assert editors.install(krita, bundle(KRITA), LAUNCH).state == ABSENT
    assert (krita.plugins / "impasto_neural_style.desktop").is_file() and (krita.plugins / "impasto_neural_style").is_dir()
    assert (krita.plugins.parent / "actions/impasto_neural_style.action").read_bytes() == b"<x/>"
    assert krita.settings.read_bytes() == b"[theme]\nTheme=Breeze\n\n[python]\nenable_impasto_neural_style=true\n"
    found = editors.state(krita, bundle(KRITA))
    assert found.state == CURRENT and found.switched_on
    editors.uninstall(krita, bundle(KRITA))
    assert krita.settings.read_bytes() == b"[theme]\nTheme=Breeze\n\n[python]\n"
    assert not list(krita.plugins.iterdir()) and not list((krita.plugins.parent / "actions").iterdir())


def test_the_settings_of_krita_may_be_a_link_and_keep_their_rights(krita, tmp_path):
    real = tmp_path / "dotfiles" / "kritarc"
    real.parent.mkdir()
    real.write_bytes(b"[python]\n")
    real.chmod(0o600)
    krita.settings.parent.mkdir(parents=True)
    try:
        krita.settings.symlink_to(real)
    except OSError:
        pytest.skip("links cannot be made here")
    editors.install(krita, bundle(KRITA), LAUNCH)
    assert krita.settings.is_symlink() and real.read_bytes().endswith(b"=true\n")
    assert os.name != "posix" or real.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("kind", [GIMP, KRITA])
def test_a_second_time_changes_nothing(kind, gimp, krita, tmp_path):
    editor = {GIMP: gimp, KRITA: krita}[kind]
    editors.install(editor, bundle(kind), LAUNCH)
    before = everything(tmp_path)
    assert editors.install(editor, bundle(kind), LAUNCH).state == CURRENT
    assert everything(tmp_path) == before


def test_a_new_version_replaces_the_old_one_and_what_it_no_longer_has(gimp):
    editors.install(gimp, bundle(**{"old.py": "gone soon"}), LAUNCH)
    assert editors.state(gimp, bundle(**{"new.py": "x"})).state == OTHER
    assert editors.install(gimp, bundle(**{"new.py": "x"}), LAUNCH).state == OTHER
    folder = gimp.plugins / "impasto-neural-style"
    assert (folder / "new.py").is_file() and not (folder / "old.py").exists()


@pytest.mark.parametrize("damage", [lambda file: file.unlink(), lambda file: file.write_bytes(b"mine")])
def test_what_was_changed_by_hand_is_seen_and_repaired(gimp, damage):
    editors.install(gimp, bundle(), LAUNCH)
    damage(gimp.plugins / "impasto-neural-style/client/wire.py")
    assert editors.state(gimp, bundle()).state == CHANGED
    assert editors.install(gimp, bundle(), LAUNCH).state == CHANGED
    assert editors.state(gimp, bundle()).state == CURRENT


def test_a_lost_desktop_file_is_seen(krita):
    editors.install(krita, bundle(KRITA), LAUNCH)
    (krita.plugins / "impasto_neural_style.desktop").unlink()
    assert editors.state(krita, bundle(KRITA)).state == CHANGED


@pytest.mark.parametrize("marker", [None, "", "[]", '{"plugin": "krita", "impasto": "1", "files": {}}', '{"plugin": "gimp"}'])
def test_a_folder_of_somebody_else_is_left_alone(gimp, tmp_path, marker):
    folder = gimp.plugins / "impasto-neural-style"
    folder.mkdir(parents=True)
    (folder / "impasto-neural-style.py").write_text("mine", encoding="utf-8")
    if marker is not None:
        (folder / MARKER).write_text(marker, encoding="utf-8")
    before = everything(tmp_path)
    assert editors.state(gimp, bundle()).state == FOREIGN
    for act in (lambda: editors.install(gimp, bundle(), LAUNCH), lambda: editors.uninstall(gimp, bundle())):
        with pytest.raises(Conflict, match="did not put it there"):
            act()
    assert everything(tmp_path) == before


def test_a_link_to_a_checkout_is_somebody_elses(gimp, tmp_path):
    editors.install(gimp, bundle(), LAUNCH)
    checkout = tmp_path / "checkout"
    shutil.move(gimp.plugins / "impasto-neural-style", checkout)
    try:
        (gimp.plugins / "impasto-neural-style").symlink_to(checkout)
    except OSError:
        pytest.skip("links cannot be made here")
    with pytest.raises(Conflict):
        editors.install(gimp, bundle(), LAUNCH)
    assert (checkout / "client/wire.py").is_file()


@pytest.mark.slow
@pytest.mark.parametrize("kind", [GIMP, KRITA])
@pytest.mark.parametrize(
    "place, name", [(Path, "write_bytes"), (Path, "rename"), (Path, "replace"), (Path, "mkdir"), (shutil, "copy2")]
)
@pytest.mark.parametrize("installed", [True, False])
def test_whatever_fails_in_between_the_old_one_stays(kind, gimp, krita, tmp_path, monkeypatch, place, name, installed):
    """Each write, renaming and folder in turn fails once; what was there is there afterwards, and nothing else."""
    editor = {GIMP: gimp, KRITA: krita}[kind]
    editor.plugins.mkdir(parents=True)
    (editor.plugins / "others.py").write_text("x", encoding="utf-8")
    if kind == KRITA:
        krita.settings.parent.mkdir(parents=True)
        (editor.plugins.parent / "actions").mkdir()
    if installed:
        editors.install(editor, bundle(kind), LAUNCH)
    before, real, failed = everything(tmp_path), getattr(place, name), 0
    for number in range(60):
        calls = []

        def failing(*arguments, number=number, calls=calls, **more):
            calls.append(arguments)
            if len(calls) == number + 1:
                raise OSError(28, "No space left on device", str(arguments[0]))
            return real(*arguments, **more)

        with monkeypatch.context() as patch:
            patch.setattr(place, name, failing)
            try:
                editors.install(editor, bundle(kind, **{"new.py": "x"}), LAUNCH)
            except DiskFull:
                failed += 1
            else:
                break
        assert everything(tmp_path) == before, f"after failure {number}"
    assert len(calls) <= number and (failed or name in ("replace", "copy2"))
    assert editors.state(editor, bundle(kind, **{"new.py": "x"})).state == CURRENT


def test_a_process_that_was_killed_in_the_middle_costs_nothing(gimp, tmp_path):
    editors.install(gimp, bundle(), LAUNCH)
    before = everything(tmp_path)
    folder = gimp.plugins / "impasto-neural-style"
    folder.rename(gimp.plugins / ".impasto-neural-style.12345.old")  # killed between two renamings
    shutil.copytree(gimp.plugins / ".impasto-neural-style.12345.old", gimp.plugins / ".impasto-neural-style.12345.new")
    assert editors.install(gimp, bundle(), LAUNCH).state == CURRENT
    assert everything(tmp_path) == before


def test_out_again(gimp, tmp_path):
    (gimp.plugins / "others").mkdir(parents=True)
    editors.install(gimp, bundle(), LAUNCH)
    assert editors.uninstall(gimp, bundle()).state == CURRENT
    assert list(everything(gimp.plugins)) == ["others"]
    assert editors.uninstall(gimp, bundle()).state == ABSENT


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write anywhere, and Windows has other rights")
def test_a_folder_that_may_not_be_written_is_told(gimp):
    gimp.plugins.mkdir(parents=True)
    gimp.plugins.chmod(0o500)
    with pytest.raises(DiskFull, match="still is"):
        editors.install(gimp, bundle(), LAUNCH)
    gimp.plugins.chmod(0o700)
