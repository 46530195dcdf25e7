"""A machine of any kind in a temporary folder, with a home whose name is not plain ASCII."""

from __future__ import annotations

import plistlib
from pathlib import Path

import pytest
from impasto.editors import System

FLATPAK_FILES = "current/active/files/share/metainfo"


class Machine:
    """Where a test puts what an installed editor would leave."""

    def __init__(self, folder: Path, platform: str):
        self.root, self.home = folder / "root", folder / "Zoë Müller"
        self.system = System(platform, self.home, {"PATH": str(self.root / "usr/bin")}, self.root)
        self.home.mkdir(parents=True)

    def folders(self, *names: str) -> None:
        for name in names:
            (self.home / name).mkdir(parents=True, exist_ok=True)

    def file(self, name: str, text: str = "") -> Path:
        """A file under the root."""
        file = self.root / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
        return file

    def program(self, name: str, version: str = "") -> Path:
        """A program on the path that tells its version."""
        file = self.file(f"usr/bin/{name}", f"#!/bin/sh\necho 'Some Editor version {version}'\n")
        file.chmod(0o755)
        return file

    def metainfo(self, folder: str, name: str, *versions: str) -> None:
        releases = "".join(f'<release date="2025-01-01" version="{version}"/>' for version in versions)
        self.file(f"{folder}/{name}", f"<component><releases>{releases}</releases></component>")

    def flatpak(self, name: str, version: str) -> None:
        self.metainfo(f"var/lib/flatpak/app/{name}/{FLATPAK_FILES}", f"{name}.metainfo.xml", version)

    def snap(self, name: str, version: str) -> None:
        self.file(f"snap/{name}/current/meta/snap.yaml", f"name: {name}\nversion: '{version}'\nsummary: x\n")

    def bundle(self, name: str, version: str) -> None:
        """An application of macOS."""
        file = self.file(f"Applications/{name}.app/Contents/Info.plist")
        file.write_bytes(plistlib.dumps({"CFBundleShortVersionString": version}))


@pytest.fixture
def machine(tmp_path):
    return lambda platform="linux": Machine(tmp_path, platform)
