"""What may come in: every wrong request is refused with a code and a sentence before anything is queued."""

from __future__ import annotations

import json
import tracemalloc

import numpy as np
import pytest
from impasto.stylization import MAX_STYLES, Stylization

from . import pictures
from .conftest import TOKEN, refused, stylize_files
from .raw import exchange, head

STYLE = {"style": "great-wave"}


# -- pictures ------------------------------------------------------------------------------------------------------

WHOLE = pictures.png()
BAD_PICTURES = {
    "empty": (b"", 400, "bad_picture"),
    "one byte": (b"\x89", 400, "bad_picture"),
    "cut off": (WHOLE[: len(WHOLE) // 2], 400, "bad_picture"),
    "cut off at the end": (WHOLE[:-40], 400, "bad_picture"),
    "a cut-off JPEG": (pictures.encoded("JPEG")[:600], 400, "bad_picture"),
    "damaged": (WHOLE[:60] + b"\0" * 200 + WHOLE[260:], 400, "bad_picture"),
    "text": (b"this is no picture at all, but long enough to be one", 415, "unsupported_picture"),
    "SVG": (b"<svg xmlns='http://www.w3.org/2000/svg'/>", 415, "unsupported_picture"),
    "JPEG 2000": (pictures.encoded("JPEG2000"), 415, "unsupported_picture"),
    "a ZIP": (b"PK\x03\x04" + bytes(100), 415, "unsupported_picture"),
    "too small": (pictures.png(8, 8), 400, "picture_too_small"),
    "too many pixels": (pictures.npy(np.zeros((1100, 1000, 1), np.uint8)), 413, "picture_too_large"),
    "a pickle in .npy": (pictures.npy(np.array([{}] * 300).reshape(10, 30)), None, None),
}


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    """A daemon that takes one megapixel."""
    from .conftest import start

    running, stop = start(tmp_path_factory.mktemp("small"), max_megapixels=1)
    yield running.client()
    stop()


@pytest.mark.parametrize("part", ["content", "style"])
@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/stylize"])
@pytest.mark.parametrize(("data", "status", "code"), BAD_PICTURES.values(), ids=BAD_PICTURES)
def test_bad_pictures_are_refused_when_they_come_in(small, path, part, data, status, code):
    files = {**stylize_files(), "style": ("painting.png", WHOLE), part: ("x.png", data)}
    answer = small.post(path, files=files)
    if status is None:
        assert 400 <= answer.status_code < 500 and answer.json()["error"]["code"] in ("bad_picture", "unsupported_picture")
    else:
        refused(answer, status, code, field=part)
    assert small.get("/v1/jobs").json()["jobs"] == []


@pytest.mark.parametrize("form", ["PNG", "JPEG", "WEBP", "TIFF"])
def test_every_format_is_taken_whatever_its_name(client, form):
    files = {"content": ("nonsense.exe", pictures.encoded(form), "text/html"), "style": ("", pictures.encoded(form))}
    assert client.post("/v1/jobs", files=files, data={"iterations": 1}).status_code == 202


# -- the form ------------------------------------------------------------------------------------------------------


def test_a_form_without_content_says_how_to_send_one(client):
    error = refused(client.post("/v1/jobs", files={"style": ("a.png", WHOLE)}), 400, "malformed_request", "content")
    assert "content=@" in error["hint"]
    error = refused(
        client.post("/v1/jobs", files={"content": (None, "photo.jpg")}, data=STYLE), 400, "malformed_request", "content"
    )
    assert "@" in error["hint"]


def test_two_contents_are_refused(client):
    files = [("content", ("a.png", WHOLE)), ("content", ("b.png", WHOLE))]
    refused(client.post("/v1/jobs", files=files, data=STYLE), 400, "malformed_request", "content")


@pytest.mark.parametrize("style", [{}, {"style": ""}, {"style": " , "}])
def test_a_missing_style_is_refused(client, style):
    refused(client.post("/v1/jobs", files=stylize_files(), data=style), 400, "style_missing", "style")


def test_an_empty_file_input_of_a_web_form_is_no_style(client):
    refused(client.post("/v1/jobs", files={**stylize_files(), "style": ("", b"")}), 400, "style_missing", "style")


@pytest.mark.parametrize("style", ["no-such-style", "great_wave", "0"])
def test_unknown_styles_are_refused(client, style):
    assert (
        "style" in refused(client.post("/v1/jobs", files=stylize_files(), data={"style": style}), 404, "unknown_style")["message"]
    )


@pytest.mark.parametrize(
    "style",
    [
        "../../etc/passwd",
        "..",
        "C:\\x",
        "/etc/passwd",
        "great-wave/..",
        "a\0b",
        "GREAT-WAVE",
        "upload:0",
        "x" * 65,
        "http://example.org/a.jpg",
        "file:///etc/passwd",
    ],
)
def test_styles_that_can_be_no_id_are_refused(client, style):
    refused(client.post("/v1/jobs", files=stylize_files(), data={"style": style}), 400, "invalid_parameter", "style")


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("strength", "2"),
        ("strength", "-0.1"),
        ("strength", "strong"),
        ("strength", "nan"),
        ("strength", "inf"),
        ("strength", ""),
        ("iterations", "1.5"),
        ("iterations", "-1"),
        ("iterations", "1e99"),
        ("keep_colours", "yes"),
        ("loss", "GRAM"),
        ("seed", "-1"),
        ("content_layers", "relu9_9"),
        ("style_layers", "relu1_1:x"),
        ("style_weights", "1,2"),
        ("style_weights", "0"),
        ("encoder", "../vgg16"),
        ("resolution", "99999999"),
        ("format", "gif"),
        ("format", "../png"),
        ("strip", "maybe"),
        ("strip", ""),
    ],
)
def test_wrong_values_are_refused_with_the_parameters_name(client, name, value):
    refused(client.post("/v1/jobs", files=stylize_files(), data={**STYLE, name: value}), 400, "invalid_parameter", name)


def test_unknown_parameters_are_refused_with_the_nearest_name(client):
    error = refused(
        client.post("/v1/jobs", files=stylize_files(), data={**STYLE, "strenght": "1"}), 400, "unknown_parameter", "strenght"
    )
    assert "strength" in error["hint"]
    refused(
        client.post("/v1/jobs", files={**stylize_files(), "mask": ("m.png", WHOLE)}, data=STYLE), 400, "unknown_parameter", "mask"
    )


def test_a_file_for_a_number_and_a_number_twice_are_refused(client):
    refused(
        client.post("/v1/jobs", files={**stylize_files(), "strength": ("s.png", WHOLE)}, data=STYLE),
        400,
        "invalid_parameter",
        "strength",
    )
    answer = client.post(
        "/v1/jobs", files=stylize_files(), data=[("style", "great-wave"), ("strength", "0.1"), ("strength", "0.9")]
    )
    refused(answer, 400, "invalid_parameter", "strength")
    answer = client.post("/v1/jobs", files=stylize_files(), data=[("style", "great-wave"), ("strip", "false"), ("strip", "true")])
    refused(answer, 400, "invalid_parameter", "strip")


def test_too_many_styles_are_refused(client):
    files = [("content", ("a.png", WHOLE)), *[("style", ("s.png", WHOLE))] * 2]
    data = [("style", "great-wave")] * (MAX_STYLES - 1)
    refused(client.post("/v1/jobs", files=files, data=data), 400, "invalid_parameter", "style")


@pytest.mark.parametrize(
    "kind", ["application/json", "text/plain", "application/x-www-form-urlencoded", "image/png", "multipart/form-data", ""]
)
@pytest.mark.parametrize("path", ["/v1/jobs", "/v1/stylize", "/v1/styles", "/v1/styles/train"])
def test_bodies_of_another_type_are_refused(client, path, kind):
    answer = client.post(path, data=b'{"content": "photo.jpg"}', headers={"Content-Type": kind})
    refused(answer, *((400, "malformed_request") if kind in ("", "multipart/form-data") else (415, "unsupported_media_type")))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"--x",
        b"--x\r\n\r\n",
        b"--x--\r\n",
        b"--y\r\nContent-Disposition: form-data; name=content\r\n\r\nx\r\n--y--\r\n",
        b'--x\r\nContent-Disposition: form-data; name="content"; filename="a"\r\n\r\n\x89PNG',
    ],
)
def test_broken_forms_are_refused(client, body):
    answer = client.post("/v1/jobs", data=body, headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert 400 <= answer.status_code < 500
    assert answer.json()["error"]["code"] in ("malformed_request", "bad_picture", "style_missing")


def test_too_many_parts_and_too_long_fields_are_refused(client):
    parts = [("style", (None, "great-wave"))] * 70
    refused(client.post("/v1/jobs", files=[*parts, ("content", ("a.png", WHOLE))]), 413, "request_too_large")
    refused(client.post("/v1/jobs", files=stylize_files(), data={"style": "x" * 300_000}), 413, "request_too_large")


# -- size ----------------------------------------------------------------------------------------------------------

MANY_MB = 24


def big_requests(port):
    own = f"127.0.0.1:{port}"
    common = (f"Authorization: Bearer {TOKEN}", "Content-Type: multipart/form-data; boundary=x")
    yield "announced", head("POST", "/v1/jobs", *common, f"Content-Length: {MANY_MB << 20}", host=own), bytes(MANY_MB << 20)
    chunk = b"100000\r\n" + bytes(1 << 20) + b"\r\n"
    yield "chunked", head("POST", "/v1/jobs", *common, "Transfer-Encoding: chunked", host=own), chunk * MANY_MB
    yield "announced and never sent", head("POST", "/v1/jobs", *common, "Content-Length: 999999999999", host=own), b""
    yield "only announced", head("POST", "/v1/jobs", *common, "Content-Length: 99999999", "Expect: 100-continue", host=own), b""


@pytest.mark.parametrize("which", range(4), ids=["announced", "chunked", "never sent", "expect"])
def test_large_bodies_are_refused_and_the_sender_hears_it(daemon, client, which):
    _, request, body = list(big_requests(daemon.port))[which]
    status, headers, answered = exchange(daemon.port, request, then=body)
    assert status == 413
    assert headers["content-type"] == "application/json"
    assert json.loads(answered)["error"]["code"] == "request_too_large"
    assert client.get("/health").status_code == 200


def test_refusing_a_large_body_takes_no_memory(daemon):
    _, request, body = list(big_requests(daemon.port))[1]
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        tracemalloc.reset_peak()
        assert exchange(daemon.port, request, then=body)[0] == 413
        # The limit is 4 MB; what is received goes to a file beyond half a MB.
        assert tracemalloc.get_traced_memory()[1] - before < 4 << 20
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "request_bytes",
    [
        b"nonsense\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET / HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: b\nC: d\r\n\r\n",
        b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
        b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nx",
        b"POST /v1/jobs HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: gzip\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding : chunked\r\n\r\nzz\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n",
    ],
)
def test_what_is_no_http_gets_the_error_shape_too(daemon, request_bytes):
    status, headers, body = exchange(daemon.port, request_bytes)
    assert 400 <= status < 500
    assert json.loads(body)["error"]["code"] == "malformed_request"


def test_endless_headers_are_refused(daemon):
    request = head("GET", "/health", f"X-Long: {'x' * 40_000}", host=f"127.0.0.1:{daemon.port}")
    status, _, body = exchange(daemon.port, request)
    assert status == 431
    assert json.loads(body)["error"]["code"] == "request_too_large"


# -- what is accepted ----------------------------------------------------------------------------------------------


def test_an_accepted_job_is_located_and_linked(client):
    answer = client.post("/v1/jobs", files=stylize_files(), data={**STYLE, "iterations": 1})
    assert answer.status_code == 202
    job = answer.json()
    assert answer.headers["Location"] == job["links"]["self"] == f"/v1/jobs/{job['id']}"
    assert {"self", "events", "preview", "result"} <= set(job["links"])
    assert job["state"] in ("queued", "running") and job["position"] is not None


def test_ids_come_before_pictures_and_every_style_has_its_picture(daemon, client):
    files = [("style", ("a.png", pictures.png(20, 20))), ("content", ("c.png", WHOLE)), ("style", ("b.png", pictures.png(30, 30)))]
    data = [("style", "scream"), ("style", "great-wave"), ("style_weights", "1"), ("style_weights", "2, 3,4"), ("step_size", "0.2")]
    job = client.post("/v1/jobs", files=files, data=data).json()
    assert job["parameters"]["style"] == ["scream", "great-wave", "upload:0", "upload:1"]
    assert job["parameters"]["style_weights"] == [1, 2, 3, 4]
    folder = daemon.manager.paths.jobs / job["id"]
    library = [client.get(f"/v1/styles/{name}/picture").content for name in ("scream", "great-wave")]
    assert [(folder / f"style-{i}").read_bytes() for i in range(4)] == [*library, pictures.png(20, 20), pictures.png(30, 30)]
    client.post(job["links"]["cancel"])


def test_every_parameter_can_be_a_form_field(client):
    values = {"style": "great-wave", "step_size": "0.011", "iterations": "2"}
    for parameter in Stylization.parameters():
        if parameter.name in values or parameter.kind in ("text list", "number list"):
            continue
        shown = {"layers": lambda p: ",".join(f"{k}:{v}" for k, v in p.default.items())}.get(
            parameter.kind, lambda p: str(p.default)
        )
        values[parameter.name] = shown(parameter)
    job = client.post("/v1/jobs", files=stylize_files(), data=values).json()
    assert job["parameters"] == Stylization.parse({**values, "style_weights": ""}).to_dict()


def test_the_same_key_is_one_job(client):
    headers = {"Idempotency-Key": "once-only"}
    data = {**STYLE, "iterations": 1}
    first, again = (client.post("/v1/jobs", files=stylize_files(), data=data, headers=headers).json()["id"] for _ in range(2))
    other = client.post("/v1/jobs", files=stylize_files(), data=data, headers={"Idempotency-Key": "another"}).json()["id"]
    assert first == again != other
    different = client.post("/v1/jobs", files=stylize_files(), data={**data, "seed": 5}, headers=headers)
    refused(different, 409, "conflict")


@pytest.mark.parametrize("key", ["x" * 201, "two words", "\u00e9"])
def test_keys_that_are_no_keys_are_refused(client, key):
    answer = client.post("/v1/jobs", files=stylize_files(), data=STYLE, headers={"Idempotency-Key": key.encode("latin-1")})
    refused(answer, 400, "malformed_request", "Idempotency-Key")


@pytest.mark.slow
def test_a_full_queue_says_when_to_come_back(make_daemon):
    client = make_daemon(queue_limit=1).client()
    slow = {"iterations": 200, "step_size": 0.05}
    client.until(client.submit(**slow), "running")
    client.submit(**slow)
    answer = client.post("/v1/jobs", files=stylize_files(), data={**STYLE, **slow})
    refused(answer, 503, "queue_full")
    assert int(answer.headers["Retry-After"]) > 0
