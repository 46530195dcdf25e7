"""What goes wrong inside becomes an answer that says no more than it should."""

from __future__ import annotations

import errno
import os
import resource
import tempfile

import pytest
from impasto.models import StyleLibrary

from . import pictures
from .conftest import stylize_files


@pytest.mark.parametrize(
    ("failure", "status", "code"),
    [
        (OSError(errno.ENOSPC, "No space left on device", "/srv/secret"), 507, "disk_full"),
        (PermissionError(errno.EACCES, "Permission denied", "/srv/secret"), 507, "disk_full"),
        (MemoryError("/srv/secret"), 503, "busy"),
        (OSError(errno.EPIPE, "Broken pipe", "/srv/secret"), 500, "internal_error"),
        (RuntimeError("/srv/secret"), 500, "internal_error"),
        (RecursionError("/srv/secret"), 500, "internal_error"),
    ],
    ids=lambda value: type(value).__name__ if isinstance(value, BaseException) else str(value),
)
def test_a_failure_inside_is_told_without_its_inside(client, monkeypatch, failure, status, code):
    def fails(self):
        raise failure

    monkeypatch.setattr(StyleLibrary, "styles", fails)
    answer = client.get("/v1/styles")
    assert (answer.status_code, answer.json()["error"]["code"]) == (status, code)
    assert "secret" not in answer.text and "Traceback" not in answer.text
    assert ("Retry-After" in answer.headers) == (status == 503)


def test_no_line_of_the_log_is_a_clients_to_write(daemon, client, caplog):
    import logging

    caplog.set_level(logging.DEBUG, logger="impasto")
    for path in ("/v1/jobs%0aERROR%20forged", "/v1/styles/a%0d%0aERROR%20forged", "/%1b[2J", "/v1/jobs/x%E2%80%A8ERROR"):
        client.get(path)
        client.request("BREW", path)
    said = [record.getMessage() for record in caplog.records if record.name.startswith("impasto.api")]
    assert len(said) >= 8 and all(text.isprintable() for text in said), said


@pytest.mark.skipif(os.name != "posix", reason="needs a limit on the size of files")
def test_no_room_for_temporary_files_is_no_failure(client):
    """Large forms pass through temporary files. Python ignores the limit's signal, so writing fails as on a full disk."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    large = pictures.npy(pictures.pixels(1000, 1000))
    resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, hard))
    try:
        with pytest.raises(OSError), tempfile.TemporaryFile() as file:
            file.write(bytes(2_000_000))
            file.flush()
        answer = client.post("/v1/jobs", files=stylize_files(large), data={"style": "great-wave"})
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert (answer.status_code, answer.json()["error"]["code"]) == (507, "disk_full")
