"""The docker with a Krita and a daemon that are not there: what it asks is answered from a script, at once or when told to."""

import hmac
import json
import re
import struct
import time
import urllib.parse
import zlib

from impasto_neural_style import connection as connections
from impasto_neural_style.client import pixels, places
from impasto_neural_style.qt import QtCore, QtWidgets
from krita import Krita

EXACTLY = QtCore.Qt.MatchFlag.MatchExactly
APP = QtWidgets.QApplication.instance() or QtWidgets.QApplication([])


def png(side=16):
    def chunk(kind, data):
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    rows = b"".join(b"\x00" + b"\x20\x60\xa0" * side for _row in range(side))
    return (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", side, side, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )


class Daemon:
    """Takes the place of the transport. ``held``: jobs stay "running" until :meth:`let_go`. ``asked``: (method, path) of all.
    ``refines``: what is painted has refined its style; ``keep_status``: how a request to keep it is answered, 0: not at all."""

    def __init__(self):
        self.asked, self.jobs, self.held, self.bodies, self.plan_status, self.proof = [], {}, False, [], 200, ""
        self.refines, self.keep_status = False, 201
        self.styles = [
            {"id": id, "title": title, "painter": "", "year": "", "fast": fast}
            for id, title, fast in (("wave", "The Wave", True), ("night", "The Night", True), ("klee", "Kairouan", False))
        ]

    def send(self, _daemon, request, answered, lost):
        self.asked.append((request.method, request.path))
        if request.path.endswith("/keep") and not self.keep_status:
            connections.QtCore.QTimer.singleShot(0, lambda: lost("Connection refused"))
            return
        connections.QtCore.QTimer.singleShot(0, lambda: self._answer(request, answered))

    def close(self):
        pass

    def posts(self):
        return [path for method, path in self.asked if method == "POST"]

    def let_go(self):
        for job in self.jobs.values():
            if job["state"] == "running":
                job.update(state="done", version=job["version"] + 1)

    def _answer(self, request, answered):
        path = request.path.split("?")[0]
        if request.method == "POST" and path == "/v1/jobs":
            self._stylize(request, answered)
        elif path == "/v1/styles/train":
            self._train(answered)
        elif path == "/v1/jobs":
            answered(200, json.dumps({"jobs": [job for job in self.jobs.values() if job["kind"] == "train"]}).encode())
        elif path == "/v1/plan":
            query = dict(urllib.parse.parse_qsl(request.path.partition("?")[2]))
            answered(self.plan_status, json.dumps(self._plan(query)).encode())
        elif path == "/v1/styles" and request.method == "POST":
            self._keep(request.body if isinstance(request.body, bytes) else b"".join(request.body), answered)
        elif path.startswith("/v1/styles/") and request.method == "DELETE":
            self.styles = [one for one in self.styles if one["id"] != path.split("/")[3]]
            answered(204, b"")
        elif path.startswith("/v1/styles/") and request.method == "PATCH":
            (own,) = [one for one in self.styles if one["id"] == path.split("/")[3]]
            own["title"] = re.search(rb'name="name"\r\n\r\n(.*)\r\n', request.body)[1].decode()
            answered(200, json.dumps(own).encode())
        elif path == "/v1/styles":
            answered(200, json.dumps({"styles": self.styles}).encode())
        elif path == "/health":
            proof = hmac.new(b"secret", b"impasto " + request.headers["Impasto-Challenge"].encode(), "sha256").hexdigest()
            answered(200, json.dumps({"instance": "i", "version": "0.1", "proof": self.proof or proof}).encode())
        elif path.endswith("/thumbnail"):
            answered(200, png())
        elif path.endswith("/keep"):
            self._keep_style(request.body, answered)
        elif path.startswith("/v1/jobs/"):
            self._job(request, path, answered)

    def _stylize(self, request, answered):
        job = {
            "id": f"job{len(self.jobs)}",
            "kind": "stylize",
            "state": "running" if self.held else "done",
            "version": 1,
            "phase": "painting",
            "fraction": 0.4,
            "eta": 30,
            "preview": 0,
            "parameters": {"style": ["wave"]},
            "created": 1700000000.0,
            "width": 64,
            "height": 48,
        }
        body = b"".join(bytes(piece) for piece in request.body)
        if self.refines:
            asked = "upload:0" if b'filename="style"' in body else "klee"
            job.update(result={"refined": [0]}, parameters={"style": [asked]})
        self.bodies.append(body)
        start = body.index(pixels.MAGIC)
        job["content"] = body[start : body.index(b"\r\n--", start + 128)]
        self.jobs[job["id"]] = job
        answered(202, self._json(job))

    def _train(self, answered):
        job = {
            "id": "training",
            "kind": "train",
            "state": "running",
            "version": 1,
            "phase": "learning",
            "fraction": 0.2,
            "eta": 600,
            "preview": 0,
            "parameters": {"name": ["Mine"]},
            "created": 1700000000.0,
        }
        self.jobs["training"] = job
        answered(202, self._json(job))

    def _keep(self, body, answered):
        if b"no picture" in body:
            error = {"code": "unreadable_picture", "message": "This is no picture.", "hint": ""}
            answered(422, json.dumps({"error": error}).encode())
            return
        new = {"id": "own", "title": "Mohn", "painter": "", "year": "", "fast": True, "own": True}
        self.styles.append(new)
        answered(201, json.dumps(new).encode())

    def _keep_style(self, body, answered):
        self.bodies.append(body)
        if self.keep_status != 201:
            code = {404: "unknown_job", 409: "conflict", 410: "gone"}[self.keep_status]
            answered(self.keep_status, json.dumps({"error": {"code": code, "message": "No.", "hint": ""}}).encode())
            return
        new = {"id": "kept", "title": "Clouds", "painter": "", "year": "", "fast": True, "own": True}
        self.styles.append(new)
        answered(201, json.dumps({"styles": [new]}).encode())

    def _plan(self, query):
        fast = all(one["fast"] for one in self.styles if one["id"] in query["style"].split(",")) and "iterations" not in query
        width, height = int(query["width"]), int(query["height"])
        scale = min(1.0, int(query.get("resolution", width)) / width)
        return {
            "method": "fast" if fast else "iterative",
            "reason": "The styles are so.",
            "width": round(width * scale),
            "height": round(height * scale),
            "seconds": 2.4 if fast else 240.0,
        }

    def _job(self, request, path, answered):
        job = self.jobs[path.split("/")[3]]
        if request.method == "DELETE":
            ended = job["state"] not in ("queued", "running")
            job["removed"] = ended
            answered(204 if ended else 409, b"" if ended else b'{"error": {"code": "conflict", "message": "It has not ended."}}')
        elif path.endswith("/result"):
            answered(200, job["content"])
        else:
            if path.endswith(("/cancel", "/finish")):
                job.update(state="cancelled" if path.endswith("cancel") else "done", version=job["version"] + 1)
            if job["state"] == "running":  # a question that is held until there is news
                connections.QtCore.QTimer.singleShot(20, lambda: answered(200, self._json(job)))
            else:
                answered(200, self._json(job))

    @staticmethod
    def _json(job):
        return json.dumps({name: value for name, value in job.items() if name != "content"}).encode()


def later(ms, what):
    connections.QtCore.QTimer.singleShot(ms, what)


def until(there, seconds=30.0):
    """Let Qt go on until ``there()``."""
    end = time.monotonic() + seconds
    while not there():
        assert time.monotonic() < end, "waited in vain"
        APP.processEvents()
        time.sleep(0.002)


def settle(seconds=0.05):
    end = time.monotonic() + seconds
    until(lambda: time.monotonic() > end)


def docker(daemon, settings=()):
    """A docker, shown, that has found the daemon. ``settings``: of a Krita that has been there before."""
    from impasto_neural_style.docker import NeuralStyle

    Krita._instance = None
    Krita.instance().settings.update(settings)
    made = NeuralStyle()
    made.model.connection._transport = daemon
    made.model.connection._starter.runtime_files = lambda: ["runtime"]
    runtime = json.dumps({"url": "http://127.0.0.1:1", "token": "t", "instance": "i", "version": "0.1", "secret": "secret"})
    connections.starter.text_of = lambda file: runtime
    assert places.read_runtime(runtime) is not None
    made.resize(262, 424)
    made.show()
    until(lambda: made.styles.gallery.count() == len(daemon.styles))
    return made
