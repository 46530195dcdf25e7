"""The docker's logic, without a Krita, under PyQt5 (as Krita 5 has it) and PyQt6 (Krita 6), each in an interpreter of its own."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

LOGIC = Path(__file__).resolve().parent / "krita_logic"
TEST_S = 400
"""A minute on an idle machine; both cores may be taken by other tests."""


@pytest.mark.timeout(TEST_S + 20)
@pytest.mark.parametrize("qt", ["5", "6"])
def test_the_docker(qt, tmp_path):
    if not importlib.util.find_spec(f"PyQt{qt}"):
        pytest.skip(f"PyQt{qt} is not installed")
    environment = {
        **os.environ,
        "FAKE_KRITA_QT": qt,
        "QT_QPA_PLATFORM": "offscreen",
        "XDG_RUNTIME_DIR": str(tmp_path),
        "LANGUAGE": "en",
        "LC_ALL": "C.UTF-8",
    }
    command = [
        sys.executable,
        "-m",
        "pytest",
        "-q",
        "-p",
        "no:cacheprovider",
        f"--confcutdir={LOGIC}",
        "-c",
        os.devnull,
        *map(str, sorted(LOGIC.glob("check_*.py"))),
    ]
    done = subprocess.run(
        command,
        env=environment,
        cwd=LOGIC,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        timeout=TEST_S,
    )
    said = done.stdout.decode("utf-8", "replace")
    if "could not connect to display" in said or "libGL" in said or "libEGL" in said:
        pytest.skip(f"Qt {qt} does not start here: {said.strip().splitlines()[-1]}")
    assert done.returncode == 0, said[-6000:]
    assert " passed" in said
