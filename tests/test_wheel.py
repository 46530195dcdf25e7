"""The wheel, installed where there is no checkout: the models, the example and the plug-ins are inside, and it paints."""

from __future__ import annotations

import os
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]

pytestmark = pytest.mark.slow

PAINT = """
import impasto, numpy
from pathlib import Path
photo = numpy.random.default_rng(0).integers(0, 255, (60, 80, 3), numpy.uint8)
painted = impasto.stylize(photo, "great-wave")
print(Path(impasto.__file__).parent)
print(painted.shape == photo.shape and painted.dtype == photo.dtype and (painted != photo).any())
"""


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    pytest.importorskip("hatchling", reason="hatchling, of the test extra, is not installed")
    folder = tmp_path_factory.mktemp("wheel")
    build = ["wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", str(folder), str(ROOT)]
    subprocess.run([sys.executable, "-m", "pip", *build], check=True)
    return next(folder.glob("*.whl"))


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A folder far from the checkout, and a function that runs a program of an environment with the wheel in it."""
    home = tmp_path_factory.mktemp("installed")
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", home / "venv"], check=True)
    programs = home / "venv" / ("Scripts" if os.name == "nt" else "bin")
    python = programs / ("python.exe" if os.name == "nt" else "python")
    places = subprocess.run(
        [python, "-c", "import sysconfig; print(sysconfig.get_path('purelib'))"], check=True, capture_output=True, text=True
    )
    # What Impasto needs is there already, in the environment of the tests; Impasto itself is found in the new one first.
    around = [entry for entry in sys.path if Path(entry).name in ("site-packages", "dist-packages")]
    Path(places.stdout.strip(), "around.pth").write_text("\n".join(around), encoding="utf-8")
    install = ["--python", str(python), "install", "--quiet", "--no-deps", "--no-index", "--force-reinstall", str(wheel)]
    subprocess.run([sys.executable, "-m", "pip", *install], check=True)
    environment = {name: value for name, value in os.environ.items() if not name.startswith(("IMPASTO_", "PYTHON"))}
    environment |= {"IMPASTO_DATA_DIR": str(home / "data"), "IMPASTO_OFFLINE": "true", "IMPASTO_RUNTIME_DIR": str(home / "run")}

    def run(program, *arguments):
        words = [programs / program, *arguments]
        done = subprocess.run(words, cwd=home, env=environment, capture_output=True, text=True, encoding="utf-8", timeout=120)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return home, run


def test_it_holds_what_is_needed_and_nothing_made(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    assert not [name for name in names if "__pycache__" in name or name.endswith((".pyc", ".part"))]
    assert {"impasto/py.typed", "impasto/_models/catalogue.yaml", "impasto/_models/fast/impasto.safetensors"} <= set(names)
    sources = [file for file in (ROOT / "plugins").rglob("*") if file.is_file() and "__pycache__" not in file.parts]
    plugins = {f"impasto/_{file.relative_to(ROOT).as_posix()}" for file in sources}
    assert plugins <= set(names), "also those that do not end in .py"


def test_the_api_paints(installed):
    home, run = installed
    package, painted = run("python", "-c", PAINT).splitlines()
    assert Path(package).is_relative_to(home / "venv") and painted == "True"


def test_the_command_line_paints_and_knows_the_styles(installed):
    home, run = installed
    assert len(run("impasto", "styles", "list").splitlines()) == len(list((ROOT / "models" / "paintings").glob("*.jpg")))
    run("impasto", "styles", "preview", "starry-night", "-o", "preview.png", "--size", "200")
    assert (home / "preview.png").stat().st_size > 10_000


@pytest.mark.parametrize("editor", ["gimp", "krita"])
def test_the_plug_ins_are_made_of_what_is_inside(installed, editor):
    home, run = installed
    run("impasto", "plugins", "zip", editor, "-o", f"{editor}.zip")
    names = zipfile.ZipFile(home / f"{editor}.zip").namelist()
    assert [name for name in names if name.endswith("impasto_client/wire.py")] and any(name.endswith(".mo") for name in names)
