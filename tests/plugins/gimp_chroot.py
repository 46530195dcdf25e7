"""A real GIMP for the tests, in a Debian chroot that is built once: about a minute, 700 MB.

    python tests/plugins/gimp_chroot.py 3.0             build GIMP 3.0 (Debian 13), print where it is
    python tests/plugins/gimp_chroot.py 3.2 --archive   build GIMP 3.2 (Debian forky), and pack it beside the folder

`TEST_GIMP_CHROOTS` names the folder for both, else it is in the user's cache. Where an archive (gimp-3.0.tar.zst) lies there
and no folder, the folder is unpacked from it. Needs Linux, root, and Debian packages from the machine's own mirror.
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import filelock
import platformdirs

SUITES = {"3.0": "trixie", "3.2": "forky"}
BASE = "trixie"
"""What debootstrap of Debian 12 knows; a later suite is installed over it."""

KEYRING = Path("/usr/share/keyrings/debian-archive-keyring.gpg")
PACKAGES = [
    "gimp",
    "gir1.2-gimp-3.0",
    "gir1.2-gtk-3.0",
    "python3",
    "python3-gi",
    "xvfb",
    "xdotool",
    "openbox",
    "imagemagick",
    "fonts-dejavu-core",
    "adwaita-icon-theme",
]
CLEAN = ["env", "-i", "PATH=/usr/sbin:/usr/bin:/sbin:/bin", "HOME=/root", "LC_ALL=C.UTF-8", "PYTHONUNBUFFERED=1"]
BUILD_S = 900


class Unavailable(Exception):
    """A sentence: why there can be no chroot here."""


def folder() -> Path:
    """Where chroots and archives are kept."""
    named = os.environ.get("TEST_GIMP_CHROOTS")
    return Path(named) if named else Path(platformdirs.user_cache_dir("impasto-tests", appauthor=False))


def provide(version: str) -> Path:
    """The root folder of a chroot with GIMP ``version`` ("3.0", "3.2"). Raises :class:`Unavailable`."""
    if not sys.platform.startswith("linux") or os.geteuid() != 0:
        raise Unavailable("a chroot with GIMP needs Linux and root")
    folder().mkdir(parents=True, exist_ok=True)
    root = folder() / f"gimp-{version}"
    with filelock.FileLock(str(root) + ".lock", timeout=BUILD_S):
        if not root.exists():
            part = root.with_name(root.name + ".part")
            shutil.rmtree(part, ignore_errors=True)
            (_unpack if archive(root).exists() else _build)(part, version)
            part.rename(root)
    # Names are looked up as the machine does today, not as it did when the chroot was made.
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    return root


def archive(root: Path) -> Path:
    """The archive that belongs to a chroot."""
    return root.with_name(root.name + ".tar.zst")


def pack(root: Path) -> Path:
    """Write a chroot's archive."""
    _run("tar", "--zstd", "-C", root, "-cf", archive(root).with_suffix(".part"), ".")
    archive(root).with_suffix(".part").rename(archive(root))
    return archive(root)


def _unpack(root: Path, _version: str) -> None:
    root.mkdir()
    _need("zstd")
    _run("tar", "--zstd", "-C", root, "-xf", archive(root.with_suffix("")))


def _build(root: Path, version: str) -> None:
    mirror = mirror_of_this_machine()
    _need("debootstrap")
    secure = ["--include=ca-certificates"] if mirror.startswith("https:") else []
    _run("debootstrap", "--variant=minbase", f"--keyring={KEYRING}", *secure, BASE, root, mirror)
    unwanted = ("doc", "man", "locale", "info", "help", "gtk-doc")
    (root / "etc/dpkg/dpkg.cfg.d/01-nodoc").write_text("".join(f"path-exclude=/usr/share/{name}/*\n" for name in unwanted))
    (root / "usr/sbin/policy-rc.d").write_text("#!/bin/sh\nexit 101\n")
    (root / "usr/sbin/policy-rc.d").chmod(0o755)
    (root / "etc/apt/sources.list").write_text(f"deb {mirror} {SUITES[version]} main\n")
    shutil.copyfile("/etc/resolv.conf", root / "etc/resolv.conf")
    inside = ["chroot", root, *CLEAN, "DEBIAN_FRONTEND=noninteractive", *_proxies(), "apt-get", "-qy"]
    # A mirror that stands still is good enough here: its signature is checked, its age is not.
    _run(*inside, "-o", "Acquire::Check-Valid-Until=false", "update")
    _run(*inside, "install", "--no-install-recommends", *PACKAGES)
    _run(*inside, "clean")


def mirror_of_this_machine() -> str:
    """The Debian mirror that apt uses here. Raises :class:`Unavailable`."""
    for file in sorted(Path("/etc/apt").glob("sources.list.d/*.sources")) + [Path("/etc/apt/sources.list")]:
        text = file.read_text(encoding="utf-8") if file.exists() else ""
        for address in re.findall(r"^(?:URIs:|deb(?:\s+\[[^]]*\])?)\s+(https?://\S+)", text, re.MULTILINE):
            if re.search(r"/debian/?$", address):
                return address
    raise Unavailable("apt on this machine knows no Debian mirror")


def _need(tool: str) -> None:
    if shutil.which(tool):
        return
    if not shutil.which("apt-get"):
        raise Unavailable(f"{tool} is not installed")
    apt = ["apt-get", "-qy", "-o", "DPkg::Lock::Timeout=120"]
    _run(*apt, "update")
    _run(*apt, "install", "--no-install-recommends", tool)


def _proxies() -> list[str]:
    return [f"{name}={os.environ[name]}" for name in ("http_proxy", "https_proxy", "no_proxy") if os.environ.get(name)]


def _run(*command: object) -> None:
    words = [str(word) for word in command]
    try:
        subprocess.run(
            words, check=True, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=BUILD_S
        )
    except FileNotFoundError:
        raise Unavailable(f"{words[0]} is not installed") from None
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{words[0]} took more than {BUILD_S} s") from None
    except subprocess.CalledProcessError as error:
        last = error.stdout.decode("utf-8", "replace").strip().splitlines()[-3:]
        raise Unavailable(f"{' '.join(words[:3])} failed: {' / '.join(last)}") from None


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("version", choices=SUITES)
    parser.add_argument("--archive", action="store_true", help="pack the chroot, so that it can be unpacked elsewhere")
    asked = parser.parse_args()
    try:
        made = provide(asked.version)
    except Unavailable as error:
        sys.exit(str(error))
    print(pack(made) if asked.archive else made)
