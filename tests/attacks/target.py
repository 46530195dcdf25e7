"""The daemon under attack, and what every one of its answers has to be."""

from __future__ import annotations

import getpass
import json
import os
import re
import tempfile
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import impasto
import psutil
from api.conftest import Client
from api.raw import exchange
from impasto.errors import all_errors

CODES = {kind.code for kind in all_errors()}

LEAKS = re.compile(r"Traceback|File \\?\"|site-packages|\.py\b|0x[0-9a-f]{8,}")
"""Signs of a program that talks about itself."""


@dataclass
class Target:
    """Where it is, what opens it, and the process to watch."""

    url: str
    token: str
    pid: int
    folder: Path

    @property
    def port(self) -> int:
        return urlsplit(self.url).port

    @property
    def process(self) -> psutil.Process:
        return psutil.Process(self.pid)

    def client(self, token: str | None = None) -> Client:
        return Client(self.url, self.token if token is None else token)

    def send(self, request: bytes, **more):
        """Bytes as they are; the answer, which must be a sound one."""
        status, headers, body = exchange(self.port, request, **more)
        self.check(status, headers, body)
        return status, headers, body

    def check(self, status: int, headers, body: bytes) -> None:
        """No failure of the daemon's own, one error shape, no word about its inside."""
        headers = {name.lower(): value for name, value in headers.items()}
        assert 200 <= status < 500 or (status == 503 and int(headers["retry-after"]) > 0), (status, body[:500])
        text = body.decode("utf-8", "replace")
        if status >= 400 and body and not headers["content-type"].startswith("text/html"):
            error = json.loads(body)["error"]
            assert set(json.loads(body)) == {"error"} and set(error) <= {"code", "message", "hint", "field"}
            assert error["code"] in CODES and error["message"].strip()
            assert not LEAKS.search(text), text
        for secret in self.secrets():
            assert secret not in text, f"{secret!r} in {text[:500]}"

    def secrets(self) -> list[str]:
        """What no answer may name: the token, folders of this machine, who uses it."""
        folders = [self.folder, Path.home(), Path(impasto.__file__).parent, Path(tempfile.gettempdir()) / "pytest"]
        user = getpass.getuser()
        return [self.token, *map(str, folders), *([f"/{user}", f"\\{user}"] if len(user) > 2 else []), os.getcwd()]
