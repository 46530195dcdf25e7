"""Make the virtual environment that the Makefile's targets work in. Standard library only; run it with any Python >= 3.10.

    python3 tools/environment.py [--extra test] [--venv .venv]

Quick where nothing has changed: a stamp in the environment remembers what was installed from.
"""

from __future__ import annotations

import argparse
import hashlib
import importlib.util
import os
import shutil
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
CONSTRAINTS = "constraints.txt"
OLDEST = (3, 10)


def main() -> None:
    """Make or refresh the environment."""
    parser = argparse.ArgumentParser(description="Make the virtual environment that the Makefile's targets work in.")
    parser.add_argument("--venv", default=".venv", help="its folder, below the project's own")
    parser.add_argument("--extra", action="append", default=[], help="an extra of pyproject.toml to install, such as test or docs")
    arguments = parser.parse_args()
    if sys.version_info < OLDEST:
        sys.exit(
            f"error: Impasto needs Python 3.10 or newer; this is {sys.version.split()[0]}.\n"
            "hint: Name one: make run PYTHON=python3.12"
        )
    venv = ROOT / arguments.venv
    stamp, wanted = venv / f"impasto-{'-'.join(['run', *arguments.extra])}.stamp", fingerprint(arguments.extra)
    if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted and python_of(venv).exists():
        return
    if not works(venv):
        make(venv)
    install(venv, arguments.extra)
    stamp.write_text(wanted, encoding="utf-8")


def fingerprint(extras: list[str]) -> str:
    """What the environment depends on: this Python, this place, and the two files that say what to install."""
    digest = hashlib.sha256(repr((sys.version_info[:2], str(ROOT), extras)).encode())
    for name in ("pyproject.toml", CONSTRAINTS):
        digest.update((ROOT / name).read_bytes())
    return digest.hexdigest()


def python_of(venv: Path) -> Path:
    """The environment's Python."""
    return venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")


def works(venv: Path) -> bool:
    """Whether the environment is there, has pip, and is of this very version of Python."""
    try:
        told = subprocess.run(
            [python_of(venv), "-c", "import pip, sys; print(sys.version_info[:2])"], capture_output=True, text=True
        )
    except OSError:
        return False
    return told.returncode == 0 and told.stdout.strip() == str(sys.version_info[:2])


def make(venv: Path) -> None:
    """Make an empty environment, replacing a broken one."""
    if venv.exists():
        shutil.rmtree(venv)
    if importlib.util.find_spec("ensurepip") is None or importlib.util.find_spec("venv") is None:
        install_venv_module()
    print(f"Making {venv.name} ...", flush=True)
    if subprocess.run([sys.executable, "-m", "venv", venv]).returncode:
        sys.exit(f"error: {sys.executable} could not make the virtual environment {venv.name}; its own words are above.")


def install_venv_module() -> None:
    """Debian keeps venv in a package of its own. Root gets it installed; anybody else is told what to do."""
    package = f"python{sys.version_info.major}.{sys.version_info.minor}-venv"
    is_root = hasattr(os, "geteuid") and os.geteuid() == 0
    if not (is_root and shutil.which("apt-get") and sys.executable.startswith("/usr/bin/")):
        sys.exit(
            "error: This Python cannot make virtual environments: its venv or ensurepip module is missing.\n"
            f"hint: On Debian and Ubuntu: sudo apt-get install {package}. Or name another Python: make run PYTHON=python3.12"
        )
    print(f"Installing {package}, which this Python lacks ...", flush=True)
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    install = ["apt-get", "install", "-y", "-q", package]
    if subprocess.run(install, env=environment).returncode:  # the lists may be missing or old
        subprocess.run(["apt-get", "update", "-q"], env=environment)
        if subprocess.run(install, env=environment).returncode:
            sys.exit(f"error: {package} could not be installed; apt-get's words are above.")


def install(venv: Path, extras: list[str]) -> None:
    """Install Impasto, editable, with the pinned versions of everything it needs."""
    print("Installing Impasto and what it needs; the first time this takes some minutes ...", flush=True)
    target = f".[{','.join(extras)}]" if extras else "."
    # As a variable, the constraints replace those that the machine may have set up for pip, which could contradict them.
    # As a relative path, since pip splits the variable at spaces.
    environment = {**os.environ, "PIP_CONSTRAINT": CONSTRAINTS, "PIP_DISABLE_PIP_VERSION_CHECK": "1"}
    for name in ("PYTHONPATH", "PIP_USER", "PIP_TARGET", "PIP_PREFIX", "PIP_REQUIRE_VIRTUALENV"):
        environment.pop(name, None)
    command = [python_of(venv), "-m", "pip", "install", "--quiet", "--editable", target]
    if subprocess.run(command, cwd=ROOT, env=environment).returncode:
        sys.exit("error: pip could not install what Impasto needs; its words are above.")


if __name__ == "__main__":
    main()
