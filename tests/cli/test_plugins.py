"""``impasto plugins`` as an artist types it: it says what it did, and what to do where it could not."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import zipfile

import pytest


@pytest.fixture
def home(folders, monkeypatch):
    """A home of its own, on a path without editors."""
    home = folders / "Zoë"
    home.mkdir()
    for name in ("XDG_CONFIG_HOME", "XDG_DATA_HOME", "GIMP3_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HOME", "USERPROFILE"):
        monkeypatch.setenv(name, str(home))
    monkeypatch.setenv("PATH", "")
    return home


@pytest.fixture
def gimp(home):
    (home / ".config/GIMP/3.0").mkdir(parents=True)
    return home / ".config/GIMP/3.0/plug-ins"


linux = pytest.mark.skipif(
    sys.platform in ("win32", "darwin"), reason="the folders here are those of Linux; tests/editors has those of the others"
)


@linux
def test_from_nothing_to_installed_and_back(impasto, gimp):
    reply = impasto("plugins", "install", "gimp")
    assert (
        reply.code == 0 and "GIMP 3.0: installed" in reply.out and "Filters > Neural Style" in reply.out and str(gimp) in reply.out
    )
    assert (gimp / "impasto-neural-style/impasto-neural-style.py").is_file()
    reply = impasto("plugins", "status", "gimp")
    assert "up to date" in reply.out and "German" in reply.out and "French" in reply.out
    assert "up to date" in impasto("plugins", "install", "gimp").out
    reply = impasto("plugins", "uninstall", "gimp")
    assert reply.code == 0 and "gone" in reply.out and not list(gimp.iterdir())
    assert "no plug-in was in" in impasto("plugins", "uninstall", "gimp").out


@linux
def test_krita_is_told_to_switch_it_on(impasto, home):
    (home / ".local/share/krita").mkdir(parents=True)
    reply = impasto("plugins", "install")
    assert reply.code == 0 and "Settings > Dockers" in reply.out and "kritarc" in reply.out
    assert "enable_impasto_neural_style=true" in (home / ".config/kritarc").read_text(encoding="utf-8")
    status = json.loads(impasto("plugins", "status", "--json").out)
    assert [row["editor"]["kind"] for row in status] == ["krita"]
    assert status[0]["plugin"]["state"] == "current" and status[0]["plugin"]["switched_on"]
    (home / ".config/kritarc").write_text("[python]\nenable_impasto_neural_style=false\n", encoding="utf-8")
    assert "switched off" in impasto("plugins", "status", "krita").out


def test_no_editor_at_all(impasto, home):
    for editor, named in (("gimp", ["GIMP"]), ("all", ["GIMP", "Krita"])):
        reply = impasto("plugins", "install", editor)
        assert reply.code == 2 and all(name in reply.err for name in named)
        assert "--folder" in reply.err and str(home) in reply.err
    assert impasto("plugins", "status").code == 0


def test_a_folder_that_is_named(impasto, home):
    reply = impasto("plugins", "install", "krita", "--folder", home / "elsewhere/pykrita")
    assert reply.code == 0 and "Python Plugin Manager" in reply.out
    assert (home / "elsewhere/pykrita/impasto_neural_style.desktop").is_file()
    assert impasto("plugins", "install", "--folder", home).code == 2
    assert "up to date" in impasto("plugins", "status", "krita", "--folder", home / "elsewhere/pykrita").out


@linux
def test_a_folder_of_somebody_else(impasto, gimp):
    (gimp / "impasto-neural-style").mkdir(parents=True)
    reply = impasto("plugins", "install", "gimp")
    assert reply.code == 2 and "did not put it there" in reply.err and "hint" in reply.err
    assert not list((gimp / "impasto-neural-style").iterdir())


@linux
def test_the_daemon_that_was_written_down_is_this_one(impasto, gimp, folders, monkeypatch):
    (folders / "my.yaml").write_text("threads: 8\n", encoding="utf-8")
    monkeypatch.setenv("IMPASTO_TOKEN", "a-secret-that-is-long-enough")
    reply = impasto("--config", "my.yaml", "plugins", "install", "gimp")
    assert reply.code == 0, reply.err
    launch = json.loads((gimp / "impasto-neural-style/command.json").read_text(encoding="utf-8"))
    assert launch["serve"][-3:] == ["--config", str(folders / "my.yaml"), "serve"]
    assert launch["runtime"] == str(folders / "run/daemon.json") and launch["log"] == str(folders / "data/daemon.log")
    assert launch["environment"] == {"IMPASTO_RUNTIME_DIR": str(folders / "run"), "IMPASTO_DATA_DIR": str(folders / "data")}
    printed = subprocess.run(
        [*launch["serve"][:-1], "config", "show"],
        capture_output=True,
        text=True,
        timeout=120,
        check=True,
        cwd=gimp,
        env={k: v for k, v in os.environ.items() if not k.startswith("IMPASTO")},
    )
    assert f"File: {folders / 'my.yaml'}" in printed.stdout, "the command works from any folder"


@pytest.mark.parametrize("editor", ["gimp", "krita"])
def test_a_zip(impasto, folders, editor):
    reply = impasto("plugins", "zip", editor)
    assert reply.code == 0 and editor in reply.out.lower()
    names = zipfile.ZipFile(folders / f"impasto-{editor}.zip").namelist()
    assert any(name.endswith("impasto_client/wire.py") for name in names) and not any("command.json" in name for name in names)
    assert impasto("plugins", "zip", editor).code == 2, "what exists is not overwritten"
    assert impasto("plugins", "zip", editor, "--overwrite").code == 0
