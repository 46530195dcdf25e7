"""Write constraints.txt anew: the newest versions that fit pyproject.toml, with torch and torchvision held where they are.

Local tags such as +cpu and the packages of one kind of GPU or system are left out, so that the pins fit CPU and CUDA builds of
torch alike, and every system. A package that does not support the oldest Python gets a marker, so that pip is free to take an
older version there.
"""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
FILE = ROOT / "constraints.txt"
HELD = ("torch==", "torchvision==")
LEFT_OUT = re.compile(r"impasto|pip|setuptools|wheel|triton.*|nvidia-.*|cuda-.*|pyqt[56]-qt[56]")
OLDEST = 10
"""The oldest Python is 3.OLDEST."""

HEADER = """\
# Every package that `make run`, `make test` and `make docs-site` install, at the version that was tested. Written by `make pins`.
# pyproject.toml has the wider ranges that are meant to work. There are no local tags such as +cpu, so any build of torch fits.
"""

LIST = """
import json, re
from importlib.metadata import distributions
print(json.dumps(sorted((re.sub(r"[-_.]+", "-", d.name).lower(), d.version, d.metadata["Requires-Python"] or "")
                        for d in distributions())))
"""


def main() -> None:
    """Install everything into a fresh environment, list it, write it down."""
    with tempfile.TemporaryDirectory() as folder:
        subprocess.run([sys.executable, "-m", "venv", folder], check=True)
        python = Path(folder) / ("Scripts/python.exe" if os.name == "nt" else "bin/python")
        held = Path(folder) / "held.txt"
        held.write_text(
            "\n".join(line for line in FILE.read_text(encoding="utf-8").splitlines() if line.startswith(HELD)), encoding="utf-8"
        )
        environment = {**os.environ, "PIP_CONSTRAINT": str(held)}
        subprocess.run(
            [python, "-m", "pip", "install", "--quiet", "--editable", ".[test,docs]"], cwd=ROOT, env=environment, check=True
        )
        listed = json.loads(subprocess.run([python, "-c", LIST], capture_output=True, text=True, check=True).stdout)
    lines = [pin(*package) for package in listed if not LEFT_OUT.fullmatch(package[0])]
    FILE.write_text(HEADER + "\n".join(lines) + "\n", encoding="utf-8")


def pin(name: str, version: str, supports: str) -> str:
    """One line: the version without its local tag, and from which Python on it is meant."""
    least = re.search(r">=\s*3\.(\d+)", supports)
    marker = f' ; python_version >= "3.{least.group(1)}"' if least and int(least.group(1)) > OLDEST else ""
    return f"{name}=={version.partition('+')[0]}{marker}"


if __name__ == "__main__":
    main()
