"""Editors are found where each system keeps them, by what they leave there and by what a package installs."""

from __future__ import annotations

import dataclasses
import os

import pytest
from impasto.editors import GIMP, KRITA, find, searched_places

posix = pytest.mark.skipif(os.name != "posix", reason="programs of another system cannot be put on this one's path")


def found(kind, machine, **environment):
    system = dataclasses.replace(machine.system, environment={**machine.system.environment, **environment})
    return [(editor.title, editor.plugins.relative_to(machine.home).as_posix()) for editor in find(kind, system)]


@pytest.mark.parametrize(
    "platform, folders, expected",
    [
        (
            "linux",
            [".config/GIMP/3.0", ".config/GIMP/3.2", ".config/GIMP/3.10", ".config/GIMP/2.10", ".config/GIMP/3.0-backup"],
            [
                ("GIMP 3.0", ".config/GIMP/3.0/plug-ins"),
                ("GIMP 3.2", ".config/GIMP/3.2/plug-ins"),
                ("GIMP 3.10", ".config/GIMP/3.10/plug-ins"),
            ],
        ),
        (
            "linux",
            [".var/app/org.gimp.GIMP/config/GIMP/3.2", "snap/gimp/current/.config/GIMP/3.0"],
            [
                ("GIMP 3.2 (flatpak)", ".var/app/org.gimp.GIMP/config/GIMP/3.2/plug-ins"),
                ("GIMP 3.0 (snap)", "snap/gimp/current/.config/GIMP/3.0/plug-ins"),
            ],
        ),
        ("linux", [".config/GIMP/2.10"], []),
        ("darwin", ["Library/Application Support/GIMP/3.0"], [("GIMP 3.0", "Library/Application Support/GIMP/3.0/plug-ins")]),
        (
            "win32",
            ["AppData/Roaming/GIMP/3.0", "AppData/Local/Packages/GIMP.43237F745A459_x/LocalCache/Roaming/GIMP/3.2"],
            [
                ("GIMP 3.0", "AppData/Roaming/GIMP/3.0/plug-ins"),
                ("GIMP 3.2 (store)", "AppData/Local/Packages/GIMP.43237F745A459_x/LocalCache/Roaming/GIMP/3.2/plug-ins"),
            ],
        ),
    ],
)
def test_gimps_that_have_been_started(machine, platform, folders, expected):
    here = machine(platform)
    here.folders(*folders)
    assert found(GIMP, here) == expected


@pytest.mark.parametrize(
    "platform, folders, expected",
    [
        (
            "linux",
            [".local/share/krita", ".var/app/org.kde.krita/data/krita", "snap/krita/current/.local/share/krita"],
            [
                ("Krita", ".local/share/krita/pykrita", ".config/kritarc"),
                ("Krita (flatpak)", ".var/app/org.kde.krita/data/krita/pykrita", ".var/app/org.kde.krita/config/kritarc"),
                ("Krita (snap)", "snap/krita/current/.local/share/krita/pykrita", "snap/krita/current/.config/kritarc"),
            ],
        ),
        (
            "darwin",
            ["Library/Application Support/krita"],
            [("Krita", "Library/Application Support/krita/pykrita", "Library/Preferences/kritarc")],
        ),
        (
            "win32",
            ["AppData/Roaming/krita", "AppData/Local/Packages/49800Krita_RRRRR/LocalCache/Roaming/krita"],
            [
                ("Krita", "AppData/Roaming/krita/pykrita", "AppData/Local/kritarc"),
                (
                    "Krita (store)",
                    "AppData/Local/Packages/49800Krita_RRRRR/LocalCache/Roaming/krita/pykrita",
                    "AppData/Local/Packages/49800Krita_RRRRR/LocalCache/Local/kritarc",
                ),
            ],
        ),
        ("linux", [], []),
    ],
)
def test_kritas_that_have_been_started_and_their_settings(machine, platform, folders, expected):
    here = machine(platform)
    here.folders(*folders)
    reply = find(KRITA, here.system)
    assert [(e.title, *(path.relative_to(here.home).as_posix() for path in (e.plugins, e.settings))) for e in reply] == expected


@posix
def test_gimps_that_are_installed_but_were_never_started(machine):
    here = machine()
    here.program("gimp-3.0")
    here.program("gimp-3.2")
    here.program("gimp-console-3.2")
    assert [title for title, _ in found(GIMP, here)] == ["GIMP 3.0", "GIMP 3.2"]


@posix
@pytest.mark.parametrize("version, expected", [("3.0.4", ["GIMP 3.0"]), ("2.10.34", []), ("", [])])
def test_a_program_that_has_no_version_in_its_name_is_asked(machine, version, expected):
    here = machine()
    here.program("gimp", version)
    assert [title for title, _ in found(GIMP, here)] == expected


@posix
def test_kritas_version_is_that_of_its_package(machine):
    here = machine()
    here.program("krita")
    here.metainfo("usr/share/metainfo", "org.kde.krita.appdata.xml", "5.2.9", "5.10.1", "5.2.11")
    assert found(KRITA, here) == [("Krita 5.10.1", ".local/share/krita/pykrita")]


def test_flatpaks_and_snaps_that_were_never_started(machine):
    here = machine()
    here.flatpak("org.gimp.GIMP", "3.2.2")
    here.flatpak("org.kde.krita", "5.2.14")
    here.snap("gimp", "3.0.6")
    here.snap("krita", "5.2.9")
    assert found(GIMP, here) == [
        ("GIMP 3.2 (flatpak)", ".config/GIMP/3.2/plug-ins"),
        ("GIMP 3.0 (snap)", "snap/gimp/current/.config/GIMP/3.0/plug-ins"),
    ]
    assert [title for title, _ in found(KRITA, here)] == ["Krita 5.2.14 (flatpak)", "Krita 5.2.9 (snap)"]


def test_applications_of_macos(machine):
    here = machine("darwin")
    here.bundle("GIMP", "3.2.0")
    here.bundle("GIMP-2.10", "2.10.38")
    here.bundle("krita", "5.2.9")
    assert found(GIMP, here) == [("GIMP 3.2", "Library/Application Support/GIMP/3.2/plug-ins")]
    assert found(KRITA, here) == [("Krita 5.2.9", "Library/Application Support/krita/pykrita")]


def test_programs_of_windows(machine):
    here = machine("win32")
    for file in ("GIMP 3/bin/gimp-3.0.exe", "GIMP 3/bin/gimp-console-3.0.exe", "Krita (x64)/bin/krita.exe"):
        here.file(f"Programs/{file}")
    there = {"PROGRAMFILES": str(here.root / "Programs")}
    assert found(GIMP, here, **there) == [("GIMP 3.0", "AppData/Roaming/GIMP/3.0/plug-ins")]
    assert found(KRITA, here, **there) == [("Krita", "AppData/Roaming/krita/pykrita")]


def test_the_users_own_folders_count(machine):
    here = machine()
    here.folders("settings/GIMP/3.0", "data/krita", ".config/GIMP/3.0", "elsewhere")
    own = {"XDG_CONFIG_HOME": str(here.home / "settings"), "XDG_DATA_HOME": str(here.home / "data")}
    assert found(GIMP, here, **own) == [("GIMP 3.0", "settings/GIMP/3.0/plug-ins")]
    assert found(KRITA, here, **own) == [("Krita", "data/krita/pykrita")]
    named = found(GIMP, here, GIMP3_DIRECTORY=str(here.home / "elsewhere"), **own)
    assert named[0] == ("GIMP", "elsewhere/plug-ins")


def test_kritas_resources_may_be_somewhere_else(machine):
    here = machine()
    here.folders(".local/share/krita", ".config", "Bilder/Krita")
    rc = here.home / ".config/kritarc"
    rc.write_text(f"ResourceDirectory={here.home / 'Bilder/Krita'}\n[python]\n", encoding="utf-8")
    assert found(KRITA, here) == [("Krita", "Bilder/Krita/pykrita")]
    rc.write_text("[other]\nResourceDirectory=/x\n", encoding="utf-8")
    assert found(KRITA, here) == [("Krita", ".local/share/krita/pykrita")]


@pytest.mark.parametrize("platform, expected", [("linux", "org.gimp.GIMP"), ("darwin", "Applications"), ("win32", "Program")])
def test_where_it_looked_is_told(machine, platform, expected):
    here = machine(platform)
    reply = searched_places(GIMP, here.system)
    assert any(expected in place for place in reply) and any("GIMP" in place and str(here.home) in place for place in reply)
