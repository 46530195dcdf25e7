"""Settings: one table, four layers, and errors that name what is wrong."""

from __future__ import annotations

import dataclasses
import itertools
from pathlib import Path

import pytest
import yaml
from impasto.errors import SettingsError
from impasto.paths import Paths, shipped
from impasto.settings import Settings, layers, template

CONFIG = Path(__file__).resolve().parents[1] / "config.yaml"


def written(folder: Path, text: str) -> Path:
    file = folder / "config.yaml"
    file.write_text(text, encoding="utf-8")
    return file


def test_config_yaml_is_the_table():
    """Keys, order, defaults, ranges and help in config.yaml are those of the code. Out of date? make docs"""
    assert CONFIG.read_text(encoding="utf-8") == template()


def test_config_yaml_reads_as_the_defaults():
    content = yaml.safe_load(CONFIG.read_text(encoding="utf-8"))
    assert list(content) == [f.name for f in dataclasses.fields(Settings)]
    assert Settings.load(file=CONFIG, environment={}) == Settings()


def test_every_setting_is_explained_and_every_number_bounded():
    for f in dataclasses.fields(Settings):
        assert f.metadata["help"].endswith("."), f.name
        assert str(f.type) not in ("int", "float") or {"minimum", "maximum"} <= set(f.metadata), f.name


@pytest.mark.parametrize(
    "in_file, in_environment, as_flag, port",
    [
        (None, None, None, 0),
        ("port: 1001", None, None, 1001),
        ("port: 1001", "1002", None, 1002),
        ("port: 1001", "1002", "1003", 1003),
        ("port: 1001", None, 1003, 1003),
        (None, "1002", None, 1002),
        ("# nothing\n", None, None, 0),
    ],
)
def test_precedence(tmp_path, in_file, in_environment, as_flag, port):
    settings = Settings.load(
        file=written(tmp_path, in_file) if in_file else None,
        environment={"IMPASTO_PORT": in_environment} if in_environment else {},
        flags={"port": as_flag},
    )
    assert settings.port == port


def test_layers_say_who_sets_what(tmp_path):
    file = written(tmp_path, "port: 1001\nthreads: 8")
    assert layers(file, {"IMPASTO_THREADS": "9", "PATH": "x"}, {"device": "cpu", "host": None}) == [
        ("file", {"port": 1001, "threads": 8}),
        ("environment", {"threads": 9}),
        ("command line", {"device": "cpu"}),
    ]


@pytest.mark.parametrize(
    "name, text, value",
    [
        ("port", "8737", 8737),
        ("port", "8737.0", None),
        ("offline", "yes", True),
        ("offline", "off", False),
        ("offline", "TRUE", True),
        ("preview_interval_s", "0.5", 0.5),
        ("allowed_hosts", "a.example, b.example", ["a.example", "b.example"]),
        ("allowed_hosts", "", []),
        ("mirrors", "{'https://a/': 'https://b/'}", {"https://a/": "https://b/"}),
        ("token", "123", "123"),
    ],
)
def test_texts_from_the_environment(name, text, value):
    environment = {f"IMPASTO_{name.upper()}": text}
    if value is None:
        with pytest.raises(SettingsError):
            Settings.load(environment=environment)
    else:
        assert getattr(Settings.load(environment=environment), name) == value


@pytest.mark.parametrize(
    "yaml_text, words, hint",
    [
        ("prot: 1", ["prot", "config.yaml"], "port"),
        ("port: x", ["port", "'x'", "whole number", "0 to 65535"], ""),
        ("port: 70000", ["port", "70000", "65535"], ""),
        ("port: 1.5", ["port", "whole number"], ""),
        ("port: true", ["port", "True"], ""),
        ("port:", ["port", "None"], ""),
        ("threads: 3", ["threads", "4 to 256"], ""),
        ("precision: fp64", ["precision", "fp64", "auto, fp32, bf16"], ""),
        ("log_level: loud", ["log_level", "debug, info, warning, error"], ""),
        ("offline: maybe", ["offline", "true or false"], ""),
        ("allowed_hosts: {a: b}", ["allowed_hosts", "list"], ""),
        ("allowed_hosts: [[a]]", ["allowed_hosts", "list"], ""),
        ("mirrors: [a]", ["mirrors", "pairs"], ""),
        ("mirrors: '{'", ["mirrors", "pairs"], ""),
        ("preview_interval_s: .nan", ["preview_interval_s", "number"], ""),
        ("result_hours: .inf", ["result_hours", "number"], ""),
        ("- a\n- b", ["config.yaml", "name: value"], ""),
        ("just words", ["config.yaml", "name: value"], ""),
        ("a: [1", ["config.yaml", "YAML"], ""),
        ("port: 1\n\tthreads: 2", ["config.yaml", "YAML"], ""),
        ("!!python/object/apply:os.system ['true']", ["config.yaml", "YAML"], ""),
        ("1: 2", ["1", "config.yaml"], ""),
    ],
)
def test_errors_name_key_value_and_the_nearest_right_one(tmp_path, yaml_text, words, hint):
    with pytest.raises(SettingsError) as caught:
        Settings.load(file=written(tmp_path, yaml_text), environment={})
    assert all(word in caught.value.message for word in words), caught.value.message
    assert hint in caught.value.hint
    assert str(tmp_path) not in caught.value.message


def test_a_wrong_environment_variable_is_named_as_it_is_spelt():
    with pytest.raises(SettingsError, match="IMPASTO_PROT") as caught:
        Settings.load(environment={"IMPASTO_PROT": "1"})
    assert "port" in caught.value.hint


def test_a_wrong_flag_says_so():
    with pytest.raises(SettingsError, match="on the command line"):
        Settings.load(environment={}, flags={"threads": "none"})


def test_variables_that_are_no_settings_are_left_alone():
    assert Settings.load(environment={"IMPASTO_CONFIG": "x", "IMPASTO_RUNTIME_DIR": "y", "HOME": "/"}) == Settings()


@pytest.mark.parametrize("make", [lambda p: p / "missing.yaml", lambda p: p], ids=["missing", "a folder"])
def test_a_file_that_cannot_be_read(tmp_path, make):
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load(file=make(tmp_path), environment={})


def test_a_file_that_is_not_text(tmp_path):
    file = tmp_path / "config.yaml"
    file.write_bytes(b"\xff\xfe\x00port: 1")
    with pytest.raises(SettingsError, match="YAML"):
        Settings.load(file=file, environment={})


def test_lists_and_pairs_are_not_shared_between_settings():
    one, other = Settings(), Settings()
    one.allowed_hosts.append("x")
    assert other.allowed_hosts == []


def test_folders_follow_the_settings(tmp_path, monkeypatch):
    monkeypatch.setenv("IMPASTO_RUNTIME_DIR", str(tmp_path / "run"))
    paths = Paths.of(Settings(data_dir=str(tmp_path / "däta")))
    assert paths.weights == tmp_path / "däta" / "weights" and paths.drop_in == paths.weights / "drop-in"
    assert paths.runtime_file == tmp_path / "run" / "daemon.json"
    moved = Paths.of(Settings(data_dir=str(tmp_path), weights_dir=str(tmp_path / "w")))
    assert moved.weights == tmp_path / "w" and moved.drop_in == tmp_path / "w" / "drop-in"
    assert not (tmp_path / "däta").exists()


def test_what_ships_is_found():
    assert shipped("catalogue.yaml").is_file()


LAUGHTER = "a: &a [x, x, x, x, x, x, x, x]\n" + "".join(
    f"{name}: &{name} [{', '.join(['*' + before] * 8)}]\n" for before, name in itertools.pairwise("abcdefghij")
)
"""A few lines of names for one another, which are a billion words when they are spelt out."""


@pytest.mark.parametrize(
    "text, words",
    [
        ("port: 1\nhost: localhost\nport: 2\n", ["port", "twice"]),
        ("mirrors: {a.example: b.example, a.example: c.example}\n", ["a.example", "twice"]),
        ("allowed_hosts: " + "[" * 1000 + "]" * 1000, ["nested"]),
        ("port: " + "9" * 5000, ["number"]),
        ("port: 0x" + "f" * 5000, ["port", "whole number"]),
        ("slowest_upload_kb_s: 0x" + "f" * 5000, ["slowest_upload_kb_s", "number"]),
        ("port: .inf", ["port", "whole number"]),
        ("port: 2026-99-99", []),
        ("? 0x" + "f" * 5000 + "\n: 1", ["no setting"]),
        (LAUGHTER, []),
    ],
    ids=["twice", "twice below", "deep", "digits", "hexadecimal", "hexadecimal float", "infinite", "no date", "key", "laughter"],
)
def test_an_odd_file_gets_a_short_sentence_that_names_it(tmp_path, text, words):
    file = tmp_path / "mine.yaml"
    file.write_text(text, encoding="utf-8")
    with pytest.raises(SettingsError) as caught:
        Settings.load(file=file, environment={})
    assert all(word in caught.value.message for word in ["mine.yaml", *words]), caught.value.message
    assert len(caught.value.message) < 500 and "Traceback" not in caught.value.message


@pytest.mark.parametrize("value", ["9" * 5000, "[" * 1000, "1e999"])
def test_an_odd_variable_gets_a_short_sentence(value):
    for name in ("PORT", "MIRRORS"):
        with pytest.raises(SettingsError) as caught:
            Settings.load(environment={f"IMPASTO_{name}": value})
        assert name.lower() in caught.value.message and len(caught.value.message) < 300
