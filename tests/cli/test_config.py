"""``impasto config``."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
from impasto.settings import Settings, template


def test_show_says_where_each_value_comes_from(impasto, folders, monkeypatch):
    (folders / "c.yaml").write_text("port: 1001\nthreads: 8", encoding="utf-8")
    monkeypatch.setenv("IMPASTO_THREADS", "9")
    reply = json.loads(impasto("--config", folders / "c.yaml", "config", "show", "--json").out)
    assert reply["file"] == str(folders / "c.yaml")
    assert reply["settings"]["port"] == {"value": 1001, "from": "file"}
    assert reply["settings"]["threads"] == {"value": 9, "from": "environment"}
    assert reply["settings"]["host"] == {"value": "127.0.0.1", "from": "default"}
    assert list(reply["settings"]) == list(Settings().to_dict())


@pytest.mark.parametrize("flags", [[], ["--json"]])
def test_show_keeps_the_token_to_itself(impasto, monkeypatch, flags):
    monkeypatch.setenv("IMPASTO_TOKEN", "very-secret-token")
    reply = impasto("config", "show", *flags)
    assert reply.code == 0 and "very-secret-token" not in reply.out and "not shown" in reply.out


def test_which_file_is_read(impasto, folders, monkeypatch):
    own = folders / "own" / "config.yaml"
    assert impasto("config", "path").out.strip() == str(own)
    monkeypatch.setenv("IMPASTO_CONFIG", str(folders / "variable.yaml"))
    assert impasto("config", "path").out.strip() == str(folders / "variable.yaml")
    assert impasto("--config", "flag.yaml", "config", "path").out.strip() == "flag.yaml"


def test_init_writes_every_setting_commented_and_it_reads_as_the_defaults(impasto, folders):
    reply = impasto("config", "init")
    own = folders / "own" / "config.yaml"
    assert reply.code == 0 and str(own) in reply.out
    assert own.read_text(encoding="utf-8") == template()
    assert Settings.load(file=own, environment={}) == Settings()
    assert os.name != "posix" or own.stat().st_mode & 0o077 == 0
    assert [f.name for f in own.parent.iterdir()] == ["config.yaml"]


def test_init_overwrites_only_when_told(impasto, folders):
    own = folders / "own" / "config.yaml"
    own.parent.mkdir()
    own.write_text("port: 1001", encoding="utf-8")
    reply = impasto("config", "init")
    assert reply.code == 2 and "--overwrite" in reply.err and own.read_text(encoding="utf-8") == "port: 1001"
    assert impasto("config", "init", "--overwrite").code == 0
    assert own.read_text(encoding="utf-8") == template()


def test_init_into_a_place_that_cannot_be(impasto, folders):
    (folders / "file").write_text("", encoding="utf-8")
    reply = impasto("--config", folders / "file" / "config.yaml", "config", "init")
    assert reply.code == 1 and "cannot be written" in reply.err


def test_the_users_own_file_counts(impasto, folders):
    assert impasto("config", "init").code == 0
    own = folders / "own" / "config.yaml"
    own.write_text(Path(own).read_text(encoding="utf-8").replace("port: 0", "port: 1234"), encoding="utf-8")
    assert json.loads(impasto("config", "show", "--json").out)["settings"]["port"] == {"value": 1234, "from": "file"}


def test_a_token_on_the_command_line_gets_a_warning_and_one_elsewhere_none(impasto, monkeypatch):
    monkeypatch.setenv("IMPASTO_TOKEN", "   ")  # refused, so that nothing starts
    assert "list of processes" not in impasto("serve").err
    reply = impasto("serve", "--token", "  ")
    assert reply.code != 0 and "list of processes" in reply.err and "IMPASTO_TOKEN" in reply.err
