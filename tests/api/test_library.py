"""Styles, models, parameters, device, diagnostics."""

from __future__ import annotations

import getpass
import io
import platform
from pathlib import Path

import pytest
from impasto.models import Catalogue, ModelStore
from impasto.stylization import Stylization
from PIL import Image

from . import pictures
from .conftest import TOKEN, code, stylize_files

# -- styles --------------------------------------------------------------------------------------------------------


def test_shipped_styles_have_pictures_and_thumbnails(client):
    styles = client.get("/v1/styles").json()["styles"]
    assert "great-wave" in [style["id"] for style in styles]
    for style in styles:
        assert style["licence"] and style["links"]["self"] == f"/v1/styles/{style['id']}"
    thumbnail = Image.open(io.BytesIO(client.get(styles[0]["links"]["thumbnail"]).content))
    assert thumbnail.format == "PNG" and max(thumbnail.size) <= 256
    picture = client.get(styles[0]["links"]["picture"])
    assert Image.MIME[Image.open(io.BytesIO(picture.content)).format] == picture.headers["Content-Type"]


@pytest.mark.slow
def test_a_style_is_added_used_and_removed(client):
    answer = client.post(
        "/v1/styles", files={"picture": ("p.png", pictures.png(120, 100))}, data={"name": "My fresco \u00fcber alles"}
    )
    assert answer.status_code == 201
    style = answer.json()
    assert style["own"] and style["title"] == "My fresco \u00fcber alles"
    assert answer.headers["Location"] == style["links"]["self"]
    assert client.get(style["links"]["self"]).json() == style
    assert client.until(client.submit(style=style["id"]), "done")
    waiting = client.submit(style=style["id"])
    assert client.delete(style["links"]["self"]).status_code == 204
    assert client.until(waiting, "done"), "a style that is removed while a job waits does no harm"
    assert code(client.get(style["links"]["self"])) == (404, "unknown_style")
    assert code(client.delete(style["links"]["self"])) == (404, "unknown_style")


@pytest.mark.parametrize(
    "body", [{"json": {"name": " The old \u201eharbour\u201c "}}, {"files": {"name": (None, "The old \u201eharbour\u201c")}}]
)
def test_a_style_is_renamed_and_keeps_its_id(client, body):
    style = client.post("/v1/styles", files={"picture": ("p.png", pictures.png(120, 100))}, data={"name": "Harbour"}).json()
    answer = client.patch(style["links"]["self"], **body)
    assert (answer.status_code, answer.json()) == (200, style | {"title": "The old \u201eharbour\u201c"})
    assert client.get(style["links"]["self"]).json() == answer.json()
    painted = client.until(client.submit(style=style["id"]), "done")
    assert painted["title"] == "The old \u201eharbour\u201c"
    client.delete(style["links"]["self"])


@pytest.mark.parametrize(
    ("body", "status", "expected"),
    [
        ({"json": {"name": "  "}}, 400, "invalid_parameter"),
        ({"json": {"name": "x" * 101}}, 400, "invalid_parameter"),
        ({"json": {"name": "a\nb"}}, 400, "invalid_parameter"),
        ({"json": {"name": ["a"]}}, 400, "invalid_parameter"),
        ({"json": {}}, 400, "invalid_parameter"),
        ({"json": {"name": "x", "id": "y"}}, 400, "unknown_parameter"),
        ({"json": ["name"]}, 400, "malformed_request"),
        ({"data": "[" * 5000, "headers": {"Content-Type": "application/json"}}, 400, "malformed_request"),
        ({"json": {"name": "x" * 70_000}}, 413, "request_too_large"),
        ({"files": {"name": (None, "a\nb")}}, 400, "invalid_parameter"),
        ({"files": {"name": ("p.txt", b"x")}}, 400, "unknown_parameter"),
        ({"data": "x", "headers": {"Content-Type": "text/plain"}}, 415, "unsupported_media_type"),
    ],
)
def test_a_new_name_that_no_style_can_have_is_refused(client, body, status, expected):
    style = client.post("/v1/styles", files={"picture": ("p.png", pictures.png(120, 100))}, data={"name": "Harbour"}).json()
    assert code(client.patch(style["links"]["self"], **body)) == (status, expected)
    assert client.get(style["links"]["self"]).json() == style
    client.delete(style["links"]["self"])


def test_only_own_styles_can_be_renamed(client):
    assert code(client.patch("/v1/styles/great-wave", json={"name": "Mine"})) == (409, "conflict")
    assert client.get("/v1/styles/great-wave").json()["title"] != "Mine"
    assert code(client.patch("/v1/styles/nothing", json={"name": "Mine"})) == (404, "unknown_style")


def test_shipped_styles_cannot_be_removed(client):
    answer = client.delete("/v1/styles/great-wave")
    assert 400 <= answer.status_code < 500
    assert client.get("/v1/styles/great-wave").status_code == 200


@pytest.mark.parametrize(
    ("files", "data", "status", "expected"),
    [
        ({"picture": ("p", b"")}, {"name": "x"}, 400, "bad_picture"),
        ({"picture": ("p", pictures.png()[:300])}, {"name": "x"}, 400, "bad_picture"),
        ({"picture": ("p", b"no picture, but long enough to be one")}, {"name": "x"}, 415, "unsupported_picture"),
        ({"picture": ("p", pictures.png(8, 8))}, {"name": "x"}, 400, "picture_too_small"),
        ({"picture": ("p", pictures.png())}, {}, 400, "invalid_parameter"),
        ({"picture": ("p", pictures.png())}, {"name": "x" * 101}, 400, "invalid_parameter"),
        ({"picture": ("p", pictures.png())}, {"name": "a\0b"}, 400, "invalid_parameter"),
        ({"picture": ("p", pictures.png())}, {"name": "x", "id": "y"}, 400, "unknown_parameter"),
        ({"file": ("p", pictures.png())}, {"name": "x"}, 400, "unknown_parameter"),
        ({"name": (None, "x")}, {}, 400, "malformed_request"),
    ],
)
def test_bad_styles_are_refused(client, files, data, status, expected):
    before = client.get("/v1/styles").json()
    assert code(client.post("/v1/styles", files=files, data=data)) == (status, expected)
    assert client.get("/v1/styles").json() == before


@pytest.mark.parametrize(
    "id", ["nothing", "..", "%2e%2e%2fgreat-wave", "GREAT-WAVE", "great-wave%00", "C:", "great-wave%5c", "x" * 300]
)
@pytest.mark.parametrize("tail", ["", "/thumbnail", "/picture"])
def test_unknown_styles(client, id, tail):
    answer = client.get(f"/v1/styles/{id}{tail}")
    assert code(answer) in ((404, "unknown_style"), (404, "not_found"))


def train(client, names=("one",), **fields):
    files = [("picture", (name, pictures.png(200, 150), "image/png")) for name in names]
    return client.post("/v1/styles/train", files=files, data=fields)


def test_a_training_is_a_job(client):
    answer = train(client, ("a.png", "b.png"), name=["First", "Zweites"], steps="7")
    job = answer.json()
    assert answer.status_code == 202 and answer.headers["Location"] == f"/v1/jobs/{job['id']}"
    assert job["kind"] == "train" and job["parameters"]["name"] == ["First", "Zweites"] and job["parameters"]["steps"] == 7


@pytest.mark.parametrize(
    "fields, expected",
    [
        ({}, (400, "invalid_parameter")),
        ({"name": ["a", "b"]}, (400, "invalid_parameter")),
        ({"name": ["\t"]}, (400, "invalid_parameter")),
        ({"name": ["a"], "steps": "-1"}, (400, "invalid_parameter")),
        ({"name": ["a"], "side": "15"}, (400, "invalid_parameter")),
        ({"name": ["a"], "learn": "all"}, (400, "invalid_parameter")),
        ({"name": ["a"], "style": "x"}, (400, "unknown_parameter")),
    ],
)
def test_a_training_that_cannot_be_is_refused(client, fields, expected):
    assert code(train(client, **fields)) == expected


def test_what_is_to_be_learnt_has_to_be_a_picture(client):
    assert code(client.post("/v1/styles/train", files={"picture": b"no"}, data={"name": "a"}))[0] in (400, 415)
    assert code(client.post("/v1/styles/train", data={"name": "a"}, files={"painting": b"no"})) == (400, "malformed_request")
    assert code(train(client, ["p"] * 17, name=["n"] * 17)) == (400, "invalid_parameter")


# -- models --------------------------------------------------------------------------------------------------------


def test_models_say_whether_they_are_here(client):
    models = {model["id"]: model for model in client.get("/v1/models").json()["models"]}
    assert set(models) == {model.id for model in Catalogue.load().models()}
    assert all(model["status"] == "absent" and model["licence"] and model["size"] > 0 for model in models.values())


@pytest.mark.slow
def test_pulling_is_a_job(client):
    answer = client.post("/v1/models/vgg16/pull")
    assert answer.status_code == 202
    job = answer.json()
    assert (job["kind"], job["parameters"]) == ("pull", {"model": "vgg16"})
    assert client.until(job, "done")
    assert code(client.get(job["links"]["result"])) == (410, "gone")


@pytest.mark.parametrize("id", ["vgg17", "..", "%2e%2e%2fvgg16", "VGG16", "vgg16%00"])
def test_unknown_models(client, id):
    assert code(client.post(f"/v1/models/{id}/pull")) in ((404, "unknown_model"), (404, "not_found"))


# -- description ---------------------------------------------------------------------------------------------------


def test_parameters_are_those_of_the_dataclass(client):
    reply = client.get("/v1/parameters").json()
    assert [p["name"] for p in reply["parameters"]] == [p.name for p in Stylization.parameters()]
    assert Stylization.parse({p["name"]: p["default"] for p in reply["parameters"]}, styles_required=False) == Stylization()
    jpeg = {"label": "JPEG", "media_type": "image/jpeg", "extension": ".jpg", "extensions": [".jpg", ".jpeg"]}
    assert reply["formats"]["jpeg"] == jpeg
    assert reply["limits"]["upload_mb"] == 4


@pytest.mark.slow
def test_unload_gives_the_worker_back(daemon, client):
    client.until(client.submit(), "done")
    assert client.get("/v1/device").json()["worker"]["alive"]
    assert not client.post("/v1/unload", json={}).json()["worker"]["alive"]


def test_diagnostics_tell_no_names_and_no_secrets(daemon, client):
    answer = client.get("/v1/diagnostics")
    reply = answer.json()
    assert reply["packages"]["torch"] != "absent"
    assert set(reply["models"]) == {"vgg19", "vgg16"}
    assert reply["settings"]["token"] == "changed" and reply["settings"]["threads"] == daemon.settings.threads
    assert reply["memory"]["total_bytes"] > reply["memory"]["used_bytes"] > 0 and reply["disk"]["free_bytes"] > 0
    assert reply["daemon"]["threads"] > 1 and reply["daemon"]["uptime_s"] >= 0
    for private in (TOKEN, str(daemon.settings.data_dir), str(Path.home()), platform.node(), getpass.getuser()):
        assert len(private) < 3 or private not in answer.text, private


@pytest.mark.slow
def test_diagnostics_tell_what_went_wrong(daemon, client):
    import logging

    from impasto.api.services import EXTENSION

    from . import script

    answer = client.post("/v1/stylize", files=stylize_files(), data={"style": "great-wave", "seed": script.FAILS})
    assert answer.json()["error"]["code"] == "out_of_memory"
    failure = client.get("/v1/diagnostics").json()["failures"][0]
    assert failure["code"] == "out_of_memory" and failure["message"] == answer.json()["error"]["message"]
    recent = daemon.app.extensions[EXTENSION].recent_log
    words = ("%s broke in /srv/secret/place", (str(Path.home() / "x"),), None)
    recent.emit(logging.LogRecord("impasto.x", logging.ERROR, "/x.py", 1, *words))
    line = client.get("/v1/diagnostics").json()["log"][-1]
    assert line["level"] == "error" and "broke in <path>" in line["text"] and "secret" not in line["text"]
    assert str(Path.home()) not in line["text"]


def test_a_weights_folder_in_an_error_is_not_told_either(daemon, client, monkeypatch):
    monkeypatch.setattr(ModelStore, "status", lambda self, id: f"damaged in {daemon.manager.paths.weights}")
    assert "<weights>" in client.get("/v1/diagnostics").text


def test_styles_beyond_the_quota_are_refused(make_daemon):
    with make_daemon(disk_quota_mb=1).client() as client:
        noise = pictures.png(500, 400)
        replies = [client.post("/v1/styles", data={"name": f"Noise {number}"}, files={"picture": noise}) for number in range(3)]
        assert [reply.status_code for reply in replies] == [201, 507, 507]
        assert code(replies[1]) == (507, "quota_exceeded")
