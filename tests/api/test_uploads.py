"""Any bytes of any length come through the form parser, however they fall into its blocks."""

from __future__ import annotations

import io
import random

import pytest
from impasto.settings import Settings
from werkzeug.formparser import MultiPartParser


@pytest.mark.parametrize(
    "data",
    [b"\r\n" * 150_000, b"\r\n--" * 100_000, b"\n" * 300_000, b"-" * 300_000, random.Random(0).randbytes(400_000)],
    ids=["line ends", "near boundaries", "line feeds", "dashes", "noise"],
)
def test_a_large_file_is_no_large_field(data):
    part = b'--limit\r\nContent-Disposition: form-data; name="content"; filename="a.jpg"\r\n\r\n' + data + b"\r\n--limit--\r\n"
    limits = Settings()
    parser = MultiPartParser(max_form_memory_size=limits.max_form_field_kb * 1024, max_form_parts=limits.max_form_parts)
    _, files = parser.parse(io.BytesIO(part), b"limit", len(part))
    assert files["content"].read() == data
