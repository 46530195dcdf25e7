"""`impasto models` and `impasto styles`, run as the command line runs them."""

from __future__ import annotations

import io
import json

import pytest
from click.testing import CliRunner
from impasto.cli import models as models_module
from impasto.cli.models import models
from impasto.cli.styles import styles
from impasto.errors import Conflict, DigestMismatch, DownloadFailed, UnknownModel, UnknownStyle, WeightsUnavailable
from impasto.models import Catalogue
from impasto.settings import Settings
from PIL import Image

from .conftest import PUBLISHED, catalogue, random_arrays, source, torchvision_file
from .server import says


@pytest.fixture
def settings(tmp_path, server):
    return Settings(data_dir=str(tmp_path / "data"), mirrors={PUBLISHED: server.url}, download_timeout_s=5)


@pytest.fixture
def run(settings):
    def run(group, *arguments, error=None):
        result = CliRunner().invoke(group, list(arguments), obj=settings)
        if error:
            assert type(result.exception) is error, result.exception
        else:
            assert result.exit_code == 0, (result.output, result.exception)
        return result.output

    return run


@pytest.fixture
def small_catalogue(small, server, tmp_path, monkeypatch):
    """vgg16 only, from the misbehaving server."""
    server.content = torchvision_file(random_arrays("vgg16"), "vgg16")
    ours = catalogue(tmp_path, vgg16=[source("url", server.content)])
    monkeypatch.setattr(models_module.Catalogue, "load", lambda: ours)


# -- models ----------------------------------------------------------------------------------------------------------


def test_the_list(run):
    table, rows = run(models, "list"), json.loads(run(models, "list", "--json"))
    assert [row["id"] for row in rows] == [model.id for model in Catalogue.load().models()]
    assert all(row["status"] == "absent" and row["licence"] and row["purpose"] for row in rows)
    for row in rows:
        assert row["id"] in table and row["licence"] in table


@pytest.mark.usefixtures("small_catalogue")
def test_pull_verify_path(run, settings, tmp_path):
    assert "Run: impasto models pull" in run(models, "verify")
    run(models, "verify", "vgg16", error=WeightsUnavailable)
    assert "VGG16 is ready, from a plain server" in run(models, "pull", "vgg16")
    again = json.loads(run(models, "pull", "--json"))
    assert again["id"] == "vgg16" and again["status"] == "present"
    assert run(models, "path", "vgg16").strip() == again["path"]
    assert run(models, "path").strip() == str(tmp_path / "data" / "weights")
    assert run(models, "path", "--drop-in").strip() == str(tmp_path / "data" / "weights" / "drop-in")
    assert "whole" in run(models, "verify")
    (report,) = json.loads(run(models, "verify", "--json"))
    assert report["ok"] and len(report["sha256"]) == 64


@pytest.mark.usefixtures("small_catalogue")
def test_verify_finds_damage(run, tmp_path):
    run(models, "pull")
    file = tmp_path / "data" / "weights" / "vgg16.safetensors"
    file.write_bytes(file.read_bytes()[:-1])
    output = run(models, "verify", error=DigestMismatch)
    assert "damaged" in output
    assert json.loads(run(models, "list", "--json"))[0]["status"] == "damaged"
    run(models, "pull")
    assert "whole" in run(models, "verify")


@pytest.mark.usefixtures("small_catalogue")
def test_a_pull_that_fails(run, server):
    server.behaviours = [says(404)]
    run(models, "pull", "vgg16", error=DownloadFailed)


@pytest.mark.parametrize("command", ["pull", "verify", "path"])
def test_an_unknown_model(run, command):
    run(models, command, "vgg17", error=UnknownModel)


# -- styles ----------------------------------------------------------------------------------------------------------


@pytest.fixture
def painting(tmp_path):
    file = tmp_path / "Mein Bild.png"
    Image.radial_gradient("L").convert("RGB").save(file)
    return file


def test_add_show_remove(run, painting, tmp_path):
    assert "mein-bild" in run(styles, "add", str(painting))
    assert "Mein Bild (your own)" in run(styles, "list")
    assert json.loads(run(styles, "add", str(painting), "--name", "Other", "--json"))["id"] == "other"
    shown = run(styles, "show", "mein-bild", "--output", str(tmp_path / "out.png"))
    assert "256 x 256 px" in shown
    assert Image.open(io.BytesIO((tmp_path / "out.png").read_bytes())).size == (256, 256)
    run(styles, "remove", "mein-bild")
    assert "mein-bild" not in [style["id"] for style in json.loads(run(styles, "list", "--json"))]


def test_what_cannot_be_done_with_a_style(run):
    run(styles, "show", "stary-night", error=UnknownStyle)
    run(styles, "remove", "starry-night", error=Conflict)
    run(styles, "remove", "../x", error=UnknownStyle)
