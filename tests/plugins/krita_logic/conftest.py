"""Runs in an interpreter of its own, with one Qt: see ../test_krita_docker.py."""

import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
PLUGINS = HERE.parents[2] / "plugins"
sys.path[:0] = [str(HERE), str(HERE / "fake"), str(PLUGINS / "krita"), str(PLUGINS / "client")]
