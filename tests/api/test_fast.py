"""The fast method over HTTP, with the real worker and nothing downloaded."""

from __future__ import annotations

import numpy as np
import pytest
from impasto import images
from impasto.jobs.executor import WORK
from impasto.recipe import Recipe

from . import pictures
from .conftest import start


@pytest.fixture(scope="module")
def client(tmp_path_factory):
    folder = tmp_path_factory.mktemp("fast")
    running, stop = start(folder, work=WORK, weights_dir=str(folder / "none"), offline=True, device="cpu", cpu_threads=1)
    with running.client() as session:
        added = session.post("/v1/styles", files={"picture": ("p.png", pictures.png(64, 64))}, data={"name": "Unlearnt"})
        assert added.json()["id"] == "unlearnt"
        yield session
    stop()


def painted(client, data=None, **form):
    content = data or pictures.png(96, 80)
    answer = client.post("/v1/stylize", files={"content": ("content", content)}, data=form, timeout=120)
    assert answer.status_code == 200, answer.text
    job = client.get(f"/v1/jobs/{answer.headers['X-Job-Id']}").json()
    return images.decode(answer.content, images.Limits()), job


@pytest.mark.slow
def test_a_shipped_style_needs_no_download(client):
    samples = pictures.pixels(channels=4, dtype=np.uint16)
    picture, job = painted(client, pictures.png16(samples), style="starry-night")
    assert picture.dtype == np.uint16 and np.array_equal(picture.alpha, samples[..., 3])
    assert job["result"]["method"] == "fast" and job["notes"] == []
    content = images.decode(pictures.png16(samples), images.Limits())
    assert np.abs(picture.rgb - content.rgb).mean() > 0.02


@pytest.mark.slow
def test_styles_mix_and_strength_counts(client):
    one, two = (painted(client, style=style, strength=1)[0].rgb for style in ("great-wave", "scream"))
    mixed, job = painted(client, style=["great-wave", "scream"], style_weights="1,1", strength=1)
    assert job["result"]["method"] == "fast"
    assert min(np.abs(mixed.rgb - one).mean(), np.abs(mixed.rgb - two).mean()) > 0.01
    weak = painted(client, style="great-wave", strength=0.1)[0].rgb
    content = images.decode(pictures.png(96, 80), images.Limits()).rgb
    assert np.abs(weak - content).mean() < np.abs(one - content).mean()


@pytest.mark.slow
def test_a_result_tells_how_it_was_painted_in_whatever_format_it_is_fetched(client):
    picture, job = painted(client, style="great-wave", strength=0.7, seed=3)
    recipe = Recipe.from_json(picture.recipe)
    assert [(style.id, style.title) for style in recipe.styles] == [("great-wave", "The Great Wave off Kanagawa")]
    assert (recipe.values["method"], recipe.values["strength"], recipe.values["seed"], recipe.width) == ("fast", 0.7, 3, 96)
    for form in ("jpeg", "webp", "tiff"):
        answer = client.get(f"/v1/jobs/{job['id']}/result", headers={"Accept": f"image/{form}"})
        assert images.recipe_of(answer.content) == picture.recipe
    plain, job = painted(client, style="great-wave", strength=0.7, seed=3, strip="true")
    assert not plain.recipe and np.array_equal(plain.rgb, picture.rgb)


def test_the_list_says_which_styles_are_fast(client):
    styles = {style["id"]: style["fast"] for style in client.get("/v1/styles").json()["styles"]}
    assert styles["starry-night"] and styles["great-wave"] and not all(styles.values())


def test_what_no_network_knows_is_refused_at_once(client, monkeypatch, tmp_path):
    monkeypatch.setattr("impasto.models.fast_library.predictor_file", lambda: tmp_path / "gone.safetensors")
    data = {"content": ("content", pictures.png(40, 40))}
    answer = client.post("/v1/jobs", files=data, data={"style": "unlearnt", "method": "fast"})
    error = answer.json()["error"]
    assert (answer.status_code, error["code"], error["field"]) == (400, "style_not_learnt", "style")
    assert "unlearnt" in error["message"] and "iterative" in error["hint"]


@pytest.mark.slow
def test_without_weights_only_the_iterative_method_fails(client):
    job = client.submit(style="unlearnt", method="iterative")
    failed = client.until(job, "failed")
    assert failed["error"]["code"] in ("weights_unavailable", "download_failed")
    assert painted(client, style="scream")[1]["state"] == "done"
