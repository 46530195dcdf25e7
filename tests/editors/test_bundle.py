"""What a plug-in is made of, and the zips for people without the command line, unpacked as an editor or a user does it."""

from __future__ import annotations

import importlib.util
import io
import os
import py_compile
import stat
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest
from impasto import editors
from impasto.editors import GIMP, KRITA

KRITAS_IMPORTER = Path("/usr/share/krita/pykrita/plugin_importer/plugin_importer.py")


@pytest.fixture(scope="module", params=[GIMP, KRITA])
def made(request):
    return editors.bundle(request.param)


def zipped(made) -> zipfile.ZipFile:
    data = io.BytesIO()
    editors.write_zip(made, data)
    return zipfile.ZipFile(data)


def test_it_holds_the_plug_in_the_client_and_the_languages(made):
    assert {GIMP: "impasto-neural-style.py", KRITA: "__init__.py"}[made.kind] in made.inside
    assert {"impasto_client/wire.py", "impasto_client/messages.py", "impasto_client/parameters.py"} <= set(made.inside)
    assert made.languages() == ["de", "fr"]
    assert made.inside["impasto_client/locale/de/LC_MESSAGES/impasto.mo"][:4] == b"\xde\x12\x04\x95"
    assert not [name for name in made.inside if name.endswith((".po", ".pot", ".pyc")) or "__pycache__" in name]


def test_what_krita_wants_elsewhere_lies_beside():
    name = "impasto_neural_style"
    assert set(editors.bundle(KRITA).beside) == {f"pykrita/{name}.desktop", f"actions/{name}.action"}
    assert not editors.bundle(GIMP).beside


@pytest.mark.slow
def test_it_works_outside_the_checkout(made, tmp_path):
    """Every module compiles, and the client imports from the folder alone."""
    zipped(made).extractall(tmp_path)
    folder = tmp_path / made.folder
    for file in folder.rglob("*.py"):
        py_compile.compile(str(file), cfile=str(tmp_path / "compiled"), doraise=True)
    program = (
        f"import sys; sys.path.insert(0, {str(folder)!r})\n"
        "from impasto_client import job_client, messages, parameters, pixels, places, recipe, wire\nprint(wire.__file__)"
    )
    reply = subprocess.run(
        [sys.executable, "-I", "-X", "utf8", "-c", program],
        capture_output=True,
        text=True,
        encoding="utf-8",
        cwd=tmp_path,
        check=True,
        timeout=60,
    )
    assert str(folder) in reply.stdout


def test_the_same_bundle_is_the_same_zip(made):
    first, second = io.BytesIO(), io.BytesIO()
    editors.write_zip(made, first)
    editors.write_zip(editors.bundle(made.kind), second)
    assert first.getvalue() == second.getvalue()


def test_gimps_zip_unpacks_into_a_folder_that_gimp_runs(tmp_path):
    archive = zipped(editors.bundle(GIMP))
    names = archive.namelist()
    assert all(name.startswith("impasto-neural-style/") for name in names)
    entry = archive.getinfo("impasto-neural-style/impasto-neural-style.py")
    assert entry.create_system == 3 and stat.S_IMODE(entry.external_attr >> 16) == 0o755
    assert archive.read(entry).startswith(b"#!/usr/bin/env python3\n")
    assert stat.S_IMODE(archive.getinfo("impasto-neural-style/translation.py").external_attr >> 16) == 0o644


@pytest.mark.parametrize("kind", [GIMP, KRITA])
def test_what_was_unpacked_by_hand_is_ours_and_is_brought_up_to_date(kind, tmp_path):
    made = editors.bundle(kind)
    zipped(made).extractall(tmp_path / "plugins")
    editor = editors.Editor(kind, "", editors.NAMED, tmp_path / "plugins")
    assert editors.state(editor, made).ours
    editors.install(editor, made, {"serve": ["impasto", "serve"]})
    assert editors.state(editor, made).state == editors.CURRENT


def test_kritas_zip_has_the_layout_that_its_importer_wants():
    names = zipped(editors.bundle(KRITA)).namelist()
    assert {
        "impasto_neural_style/",
        "impasto_neural_style/__init__.py",
        "impasto_neural_style.desktop",
        "impasto_neural_style.action",
    } <= set(names)


@pytest.mark.skipif(not KRITAS_IMPORTER.is_file(), reason="Krita is not installed here")
def test_kritas_own_importer_takes_it(tmp_path, monkeypatch):
    made = editors.bundle(KRITA)
    file, resources = tmp_path / "impasto.zip", tmp_path / "Zoë krita"
    resources.mkdir()
    with file.open("wb") as opened:
        editors.write_zip(made, opened)
    spec = importlib.util.spec_from_file_location("plugin_importer", KRITAS_IMPORTER)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr("builtins.i18n", lambda text: text, raising=False)
    imported = module.PluginImporter(str(file), str(resources), lambda plugin: True).import_all()
    assert [plugin["name"] for plugin in imported] == ["impasto_neural_style"]
    editor = editors.Editor(KRITA, "", editors.NAMED, resources / "pykrita")
    assert editors.state(editor, made).state == editors.CURRENT
    assert os.path.isfile(resources / "actions/impasto_neural_style.action")
