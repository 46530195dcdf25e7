"""A photograph's metadata on their way through the API: carried in every format, or stripped."""

from __future__ import annotations

import io

import pytest
from PIL import Image

from . import pictures
from .conftest import stylize_files

pytestmark = pytest.mark.slow

FORMATS = ["png", "jpeg", "webp", "tiff"]


def photograph() -> bytes:
    tags = Image.Exif()
    tags[0x010F], tags[0x0112] = "Canon", 6
    buffer = io.BytesIO()
    Image.fromarray(pictures.pixels(64, 48)).save(buffer, "JPEG", exif=tags, quality=95, dpi=(300, 300))
    return buffer.getvalue()


def send(client, path="/v1/stylize", **form):
    files = {**stylize_files(), "content": ("photo.jpg", photograph())}
    answer = client.post(path, files=files, data={"style": "great-wave", "iterations": "2", **form}, timeout=60)
    assert answer.ok, answer.text
    return answer


@pytest.mark.parametrize("form", FORMATS)
def test_a_result_is_upright_and_says_so(client, form):
    answer = send(client, format=form)
    image = Image.open(io.BytesIO(answer.content))
    assert image.size == (48, 64) and (image.getexif()[0x010F], image.getexif()[0x0112]) == ("Canon", 1)


@pytest.mark.parametrize("form", FORMATS)
def test_a_result_that_is_fetched_in_another_format_has_them_too(client, form):
    job = client.until(send(client, "/v1/jobs", format="png").json(), "done")
    answer = client.get(job["links"]["result"], headers={"Accept": f"image/{form}"})
    image = Image.open(io.BytesIO(answer.content))
    assert image.format == form.upper() and (image.getexif()[0x010F], image.getexif()[0x0112]) == ("Canon", 1)


@pytest.mark.parametrize("said", ["true", "1", "on", "TRUE"])
def test_strip(client, said):
    for form in FORMATS:
        assert b"Canon" not in send(client, format=form, strip=said).content
    assert b"Canon" in send(client, format="png", strip="false").content


@pytest.mark.parametrize("stored", FORMATS)
def test_a_result_is_stripped_where_it_is_fetched(client, stored):
    job = client.until(send(client, "/v1/jobs", format=stored).json(), "done")
    for form in FORMATS:
        answers = [
            client.get(job["links"]["result"], params={"strip": said}, headers={"Accept": f"image/{form}"})
            for said in ("true", "false")
        ]
        images = [Image.open(io.BytesIO(answer.content)) for answer in answers]
        assert [image.format for image in images] == [form.upper()] * 2
        assert [b"Canon" in answer.content for answer in answers] == [False, True]
        assert images[0].tobytes() == images[1].tobytes()
    for wrong in ("maybe", ""):
        assert client.get(job["links"]["result"], params={"strip": wrong}).json()["error"]["field"] == "strip"


def test_a_stripped_job_is_another_than_one_that_is_not(client):
    """Under one key they are a conflict, not the same job."""
    files = {**stylize_files(), "content": ("photo.jpg", photograph())}
    headers, data = {"Idempotency-Key": "stripped-or-not"}, {"style": "great-wave", "iterations": "2"}
    assert client.post("/v1/jobs", files=files, data=data, headers=headers).status_code == 202
    assert client.post("/v1/jobs", files=files, data={**data, "strip": "true"}, headers=headers).status_code == 409
