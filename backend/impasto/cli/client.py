"""Talking to the daemon over HTTP, as any other program would."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import TracebackType
from typing import Any
from urllib.parse import urlsplit

import requests

from ..api.runtime import Daemon
from ..errors import DaemonNotRunning, ImpastoError

CONNECT_TIMEOUT_S, READ_TIMEOUT_S = 5.0, 120.0
LOOPBACK = ("127.0.0.1", "localhost", "::1")

STATES = ("queued", "running", "done", "failed", "cancelled")
ENDED = ("done", "failed", "cancelled")
"""The states of a job, as the API names them: `impasto.jobs` has them too, but takes a tenth of a second to import."""


class Client:
    """One daemon. Every failure comes out as the :class:`ImpastoError` that the daemon said it was."""

    def __init__(self, daemon: Daemon) -> None:
        self.url = daemon.url
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {daemon.token}"
        if urlsplit(daemon.url).hostname in LOOPBACK:
            self._session.trust_env = False  # a proxy cannot reach this machine's own loopback, and ~/.netrc has no say

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._session.close()

    def submit(
        self,
        content: bytes,
        styles: Sequence[str | bytes],
        values: Mapping[str, Any],
        format: str = "",
        strip: bool | None = None,
    ) -> dict[str, Any]:
        """Queue a stylization. ``styles``: ids and pictures. ``strip``: without metadata. Returns the job."""
        fields = [(name, str(value)) for name, value in values.items()]
        if strip is not None:
            fields.append(("strip", str(strip).lower()))
        fields += [("style", style) for style in styles if isinstance(style, str)]
        if format:
            fields.append(("format", format))
        files = [("content", ("content", content, "application/octet-stream"))]
        files += [("style", ("style", style, "application/octet-stream")) for style in styles if isinstance(style, bytes)]
        return self._request("POST", "/v1/jobs", data=fields, files=files).json()

    def train(self, titles: Sequence[str], paintings: Sequence[bytes], values: Mapping[str, Any]) -> dict[str, Any]:
        """Queue a training. Returns the job."""
        fields = [("name", title) for title in titles] + [(name, str(value)) for name, value in values.items()]
        files = [("picture", ("picture", painting, "application/octet-stream")) for painting in paintings]
        return self._request("POST", "/v1/styles/train", data=fields, files=files).json()

    def styles(self) -> list[dict[str, Any]]:
        """The style library."""
        return self._request("GET", "/v1/styles").json()["styles"]

    def style_picture(self, id: str) -> bytes:
        """A style's picture, as it is stored."""
        return self._request("GET", f"/v1/styles/{id}/picture").content

    def job(self, id: str, *, since: int | None = None, timeout: float = 0) -> dict[str, Any]:
        """The job; with ``since``, as soon as it has changed since that version, or after ``timeout`` seconds."""
        query = {} if since is None else {"since": str(since), "timeout": str(timeout)}
        return self._request("GET", f"/v1/jobs/{id}", params=query).json()

    def jobs(self, limit: int, state: str | None) -> list[dict[str, Any]]:
        """The newest jobs."""
        query = {"limit": str(limit), **({"state": state} if state else {})}
        return self._request("GET", "/v1/jobs", params=query).json()["jobs"]

    def cancel(self, id: str) -> dict[str, Any]:
        """Stop and discard."""
        return self._request("POST", f"/v1/jobs/{id}/cancel").json()

    def queue(self) -> dict[str, Any]:
        """All that runs or waits, in order, and whether it is paused."""
        return self._request("GET", "/v1/queue").json()

    def pause(self, paused: bool) -> dict[str, Any]:
        """Let long work rest, or go on; the queue."""
        return self._request("POST", f"/v1/queue/{'pause' if paused else 'resume'}").json()

    def cancel_all(self) -> list[dict[str, Any]]:
        """Cancel all that waits or runs; the jobs that were cancelled."""
        return self._request("POST", "/v1/queue/cancel").json()["jobs"]

    def move(self, id: str, position: int) -> dict[str, Any]:
        """Let a job that waits be number ``position`` in its queue."""
        return self._request("POST", f"/v1/jobs/{id}/move", params={"position": str(position)}).json()

    def finish(self, id: str) -> dict[str, Any]:
        """Stop and keep."""
        return self._request("POST", f"/v1/jobs/{id}/finish").json()

    def keep(self, id: str, name: str) -> list[dict[str, Any]]:
        """Keep what was refined for a painting as styles called ``name``; the styles."""
        return self._request("POST", f"/v1/jobs/{id}/keep", files=[("name", (None, name))]).json()["styles"]

    def preview(self, id: str) -> bytes:
        """The newest preview, a PNG."""
        return self._request("GET", f"/v1/jobs/{id}/preview").content

    def result(self, id: str, media_type: str = "*/*", *, strip: bool = False) -> bytes:
        """The picture, in the format of the job, or in the one that ``media_type`` names. ``strip``: without metadata."""
        query = {"strip": "true"} if strip else {}
        return self._request("GET", f"/v1/jobs/{id}/result", headers={"Accept": media_type}, params=query).content

    def ticket(self) -> str:
        """A ticket that signs a browser in, once."""
        return str(self._request("POST", "/session/ticket").json()["ticket"])

    def diagnostics(self) -> dict[str, Any]:
        """The daemon's report on itself."""
        return self._request("GET", "/v1/diagnostics").json()

    def _request(self, method: str, path: str, **more: Any) -> requests.Response:
        try:
            timeout = CONNECT_TIMEOUT_S, READ_TIMEOUT_S
            response = self._session.request(method, self.url + path, timeout=timeout, allow_redirects=False, **more)
        except requests.RequestException:
            raise DaemonNotRunning(
                "The daemon does not answer any more.", hint="`impasto serve` starts it again; jobs that were accepted go on then."
            ) from None
        if response.status_code >= 300:
            raise error_of(response)
        return response


def error_of(response: requests.Response) -> ImpastoError:
    """The error that the daemon named; another program at its address would name none."""
    try:
        return ImpastoError.from_dict(dict(response.json()["error"]))
    except (ValueError, KeyError, TypeError):
        return ImpastoError(f"The daemon answered {response.status_code} without saying why.", hint="Run: impasto doctor")
