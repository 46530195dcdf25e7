"""A job from submission to expiry, as the API sees it."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import threading
import time
from dataclasses import replace

import pytest
from impasto import errors
from impasto.jobs.folders import JobFolders

from .helpers import ended, gone, job, running, until, worker_pid

pytestmark = pytest.mark.slow


def test_a_job_gets_its_inputs_and_parameters_and_leaves_its_picture(manager):
    accepted = manager.submit(job("echo", inputs={"content": "Töpfe".encode(), "style-0": b"style"}, output={"format": "tiff"}))
    assert re.fullmatch("[0-9a-f]{16}", accepted.id)
    assert (accepted.state, accepted.phase) == ("queued", "waiting")
    done = ended(manager, accepted.id)
    assert done.state == "done" and done.fraction == 1 and done.position is None and done.error is None
    assert done.result["files"] == {"content": "Töpfe", "style-0": "style"}
    assert done.result["output"] == {"format": "tiff"} and done.parameters["script"] == "echo"
    path, media_type = manager.result(done.id)
    assert (path.read_bytes(), media_type) == (b"picture", "image/png")
    assert done.created <= done.started <= done.ended < done.expires


def test_inputs_go_when_the_job_ends_and_the_pictures_stay(manager):
    done = ended(manager, manager.submit(job("steps", total=2)).id)
    folder = manager.result(done.id)[0].parent
    until(lambda: sorted(file.name for file in folder.iterdir()) == ["preview.png", "result.png"])


def test_jobs_of_a_lane_run_in_the_order_they_came(manager, tmp_path):
    door = tmp_path / "door"
    first = manager.submit(job("gate", file=str(door)))
    running(manager, first.id)
    waiting = [manager.submit(job()) for _ in range(5)]
    assert [manager.get(w.id).position for w in waiting] == [1, 2, 3, 4, 5]
    assert manager.get(first.id).position == 0
    last = manager.get(waiting[4].id)
    manager.cancel(waiting[1].id)
    assert [manager.get(w.id).position for w in waiting] == [1, None, 2, 3, 4]
    moved = manager.wait(last.id, last.version, 5)  # who watches a waiting job is told that it moves up
    assert (moved.position, last.position) == (4, 5) and moved.version > last.version
    door.touch()
    times = [ended(manager, w.id).started for i, w in enumerate(waiting) if i != 1]
    assert times == sorted(times)


def test_what_waits_can_be_put_in_another_order(start, manager, tmp_path):
    held = manager.submit(job("gate", file=str(tmp_path / "door")))
    running(manager, held.id)
    a, b, c, d = (manager.submit(job()).id for _ in range(4))
    version = manager.get(a).version
    assert manager.move(d, 1).position == 1 and manager.wait(a, version, 5).position == 2
    assert manager.move(a, 3).position == 3
    assert manager.move(b, 1000).position == 4
    order = [d, a, c, b]
    assert [found.id for found in manager.queue()] == [held.id, *order]
    assert [found.id for found in manager.jobs()] == [d, c, b, a, held.id]  # the list is still the newest first
    for id in (held.id, "0" * 16):
        with pytest.raises(errors.Conflict if id == held.id else errors.UnknownJob):
            manager.move(id, 1)
    manager.stop()
    again = start()
    running(again, held.id)  # at its old place, before those that were moved
    e = again.submit(job()).id
    assert [found.id for found in again.queue()] == [held.id, *order, e]
    (tmp_path / "door").touch()
    times = [ended(again, id).started for id in (*order, e)]
    assert times == sorted(times)


def test_what_waits_says_for_what(manager, tmp_path):
    first = manager.submit(replace(job("gate", file=str(tmp_path / "door")), title="The Great Wave"))
    running(manager, first.id)
    second, third = (manager.submit(replace(job(), title=title)) for title in ("The Scream", "Wheat Field"))
    wave = {"id": first.id, "kind": "stylize", "title": "The Great Wave"}
    assert [manager.get(one.id).waiting_for for one in (second, third)] == [wave, wave]
    assert {found.id: found.waiting_for for found in manager.jobs()} == {first.id: None, second.id: wave, third.id: wave}
    (tmp_path / "door").touch()
    assert ended(manager, third.id).waiting_for is None and manager.get(third.id).title == "Wheat Field"


def test_a_download_does_not_wait_for_a_painting(manager, tmp_path):
    painting = manager.submit(job("gate", file=str(tmp_path / "never")))
    running(manager, painting.id)
    assert ended(manager, manager.submit(job(kind="pull")).id).state == "done"
    assert manager.get(painting.id).state == "running"


@pytest.mark.slow
def test_progress_previews_and_notes_arrive_and_versions_grow(manager):
    submitted = manager.submit(job("steps", total=60, pause=0.02))
    seen, version = [], submitted.version
    while not seen or seen[-1].state not in ("done", "failed"):
        seen.append(manager.wait(submitted.id, version, 10))
        assert seen[-1].version > version
        version = seen[-1].version
    painting = [s for s in seen if s.phase == "painting" and s.step]
    assert len(painting) > 2 and painting[0].step < painting[-1].step <= 60
    assert [s.preview for s in painting] == sorted(s.preview for s in painting) and painting[-1].preview > 1
    assert painting[0].losses["total"] > painting[-1].losses["total"] and painting[-1].total == 60
    assert seen[-1].state == "done" and seen[-1].step == 60


@pytest.mark.slow
def test_an_eta_comes_once_it_means_something_and_for_those_who_wait(manager):
    first = manager.submit(job("steps", total=400, pause=0.02))
    running(manager, first.id)
    assert manager.get(first.id).eta is None
    second = manager.submit(job())
    assert manager.get(second.id).eta is None  # nothing is known about such jobs yet
    found = until(lambda: found if (found := manager.get(first.id)).eta is not None else None)
    assert 2 < found.eta < 20
    manager.finish(first.id)
    ended(manager, second.id)
    third, fourth = manager.submit(job("steps", total=400, pause=0.02)), manager.submit(job())
    running(manager, third.id)
    until(lambda: manager.get(third.id).eta is not None)
    assert manager.get(fourth.id).eta > manager.get(third.id).eta > 0  # more by what earlier ones took


def test_wait_answers_at_once_or_after_its_time(manager, tmp_path):
    held = manager.submit(job("gate", file=str(tmp_path / "door")))
    version = running(manager, held.id).version
    began = time.monotonic()
    assert manager.wait(held.id, version - 1, 10).version == version
    assert time.monotonic() - began < 1
    assert manager.wait(held.id, version, 0.3).version == version
    assert 0.3 <= time.monotonic() - began < 3
    (tmp_path / "door").touch()
    done = ended(manager, held.id)
    began = time.monotonic()
    assert manager.wait(done.id, done.version, 10).state == "done"
    assert time.monotonic() - began < 1


@pytest.mark.slow
def test_status_stays_quick_while_many_wait_and_a_job_floods(manager):
    flooding = manager.submit(job("steps", total=100_000, pause=0.0))
    running(manager, flooding.id)
    threads = [threading.Thread(target=lambda: [manager.wait(flooding.id, 2**40, 0.5) for _ in range(3)]) for _ in range(12)]
    for thread in threads:
        thread.start()
    slowest = 0.0
    for _ in range(100):
        began = time.monotonic()
        manager.get(flooding.id)
        slowest = max(slowest, time.monotonic() - began)
        time.sleep(0.005)
    for thread in threads:
        thread.join()
    assert slowest < 0.5  # a few ms; the bound is for busy machines


@pytest.mark.parametrize(
    "script, code, said",
    [
        ("refuse", "numerical_failure", "Numbers went wrong."),
        ("blunder", "internal_error", "went wrong"),
        ("exhaust", "out_of_memory", "memory"),
        ("full", "disk_full", "cannot be written"),
        ("numbers", "internal_error", "went wrong"),
        ("no such script", "internal_error", "went wrong"),
    ],
)
def test_a_failure_has_a_code_and_a_sentence_and_the_next_job_runs(manager, script, code, said):
    pid = ended(manager, manager.submit(job()).id).result["pid"]
    failed = ended(manager, manager.submit(job(script)).id)
    assert failed.state == "failed" and failed.error["code"] == code
    assert said in failed.error["message"] and "secret" not in json.dumps(failed.to_dict()["error"])
    after = ended(manager, manager.submit(job()).id)
    assert after.state == "done" and after.attempts == 1
    # By the same worker, unless memory had run out: then a fresh process has it all.
    assert (after.result["pid"] == pid) is (code != "out_of_memory") and (gone(pid) or code != "out_of_memory")
    with pytest.raises(errors.Gone):
        manager.result(failed.id)
    assert not (manager.paths.jobs / failed.id).exists()


def test_finish_keeps_what_there_is(manager):
    painting = manager.submit(job("steps"))
    until(lambda: manager.get(painting.id).step > 2)
    assert manager.finish(painting.id).state == "running"
    done = ended(manager, painting.id, 2)
    assert done.state == "done" and done.result["finished_early"] and done.step < done.total
    assert manager.result(done.id)[0].read_text() == "picture" and done.notes == [f"Stopped at {done.step}."]
    assert manager.finish(done.id).state == "done"


def test_finish_needs_a_job_that_paints(manager, tmp_path):
    first = manager.submit(job("gate", file=str(tmp_path / "door")))
    pull = manager.submit(job("gate", kind="pull", file=str(tmp_path / "door")))
    running(manager, first.id), running(manager, pull.id)
    waiting = manager.submit(job())
    for id in (waiting.id, pull.id):
        with pytest.raises(errors.Conflict):
            manager.finish(id)
    with pytest.raises(errors.UnknownJob):
        manager.finish("0" * 16)


def test_pictures_before_the_end_are_not_ready_and_after_a_cancel_gone(manager, tmp_path):
    held = manager.submit(job("gate", file=str(tmp_path / "door")))
    for fetch in (manager.preview, manager.result):
        with pytest.raises(errors.NotReady):
            fetch(held.id)
    manager.cancel(held.id)
    for fetch in (manager.preview, manager.result):
        with pytest.raises(errors.Gone):
            fetch(held.id)
        with pytest.raises(errors.UnknownJob):
            fetch("f" * 16)
    painting = manager.submit(job("steps"))
    until(lambda: manager.get(painting.id).preview > 0)
    assert manager.preview(painting.id).name == "preview.png" and manager.preview(painting.id).is_file()


def test_a_full_queue_refuses_and_leaves_nothing_behind(start, tmp_path):
    manager = start(queue_limit=2)
    first = manager.submit(job("gate", file=str(tmp_path / "door")))
    running(manager, first.id)
    waiting = [manager.submit(job()) for _ in range(2)]
    with pytest.raises(errors.QueueFull):
        manager.submit(job())
    assert len(list(manager.paths.jobs.iterdir())) == 3
    assert manager.submit(job(kind="pull")).state  # the other lane has room
    manager.cancel(waiting[0].id)
    assert manager.submit(job()).position == 2


def test_the_same_key_is_the_same_job_even_at_once(manager):
    answers = []
    threads = [threading.Thread(target=lambda: answers.append(manager.submit(job("echo", key="k1")).id)) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == 8 and len(set(answers)) == 1
    ended(manager, answers[0])
    assert manager.submit(job("echo", key="k1")).state == "done"
    assert manager.submit(job("echo", key="k2")).id != answers[0]
    assert len(manager.jobs()) == 2 and len(list(manager.paths.jobs.iterdir())) == 2
    with pytest.raises(errors.Conflict):
        manager.submit(job("echo", key="k1", inputs={"content": b"another picture"}))


def test_list_is_newest_first_and_by_state(manager, tmp_path):
    ids = [manager.submit(job("gate", file=str(tmp_path / "door"))).id for _ in range(3)]
    running(manager, ids[0])
    manager.cancel(ids[1])
    assert [found.id for found in manager.jobs()] == ids[::-1]
    assert [found.id for found in manager.jobs(limit=1)] == ids[-1:]
    assert {state: [found.id for found in manager.jobs(state=state)] for state in ("running", "cancelled", "queued", "done")} == {
        "running": ids[:1],
        "cancelled": ids[1:2],
        "queued": ids[2:],
        "done": [],
    }
    assert manager.jobs(state="queued")[0].position == 1


@pytest.mark.slow
def test_jobs_expire_with_their_pictures(start):
    manager = start(result_hours=1 / 3600)
    done = ended(manager, manager.submit(job()).id)
    folder = manager.paths.jobs / done.id

    def forgotten():
        try:
            return manager.get(done.id) is None
        except errors.UnknownJob:
            return True

    until(forgotten)
    until(lambda: not folder.exists())
    assert done.expires - done.ended == pytest.approx(1)


def test_remove_forgets_what_has_ended_only(manager, tmp_path):
    done, held = manager.submit(job()), manager.submit(job("gate", file=str(tmp_path / "door")))
    running(manager, held.id)
    manager.remove(done.id)
    assert not (manager.paths.jobs / done.id).exists()
    with pytest.raises(errors.UnknownJob):
        manager.get(done.id)
    with pytest.raises(errors.Conflict):
        manager.remove(held.id)
    assert manager.get(held.id).state == "running"


@pytest.mark.slow
def test_an_idle_worker_is_given_back_and_the_next_job_gets_a_new_one(start):
    manager = start(keep_alive_s=1)
    assert manager.device()["state"] == "asleep"
    first = ended(manager, manager.submit(job()).id)
    assert not gone(first.result["pid"])
    until(lambda: gone(first.result["pid"]), 5)
    assert manager.device()["state"] == "asleep"
    second = ended(manager, manager.submit(job()).id)
    assert second.state == "done" and second.result["pid"] != first.result["pid"]


def test_a_worker_is_kept_while_it_is_used(start):
    manager = start(keep_alive_s=0)
    pids = {ended(manager, manager.submit(job()).id).result["pid"] for _ in range(3)}
    assert len(pids) == 1 and manager.device()["state"] == "idle"


def test_unload_gives_back_at_once_when_idle_and_after_the_job_when_busy(manager):
    first = ended(manager, manager.submit(job()).id)
    manager.unload()
    assert gone(first.result["pid"]) and manager.device()["state"] == "asleep"
    painting = manager.submit(job("steps"))
    until(lambda: manager.get(painting.id).step > 1)
    pid = worker_pid(manager)
    began = time.monotonic()
    manager.unload()
    assert time.monotonic() - began < 2 and manager.device()["state"] == "busy"
    manager.finish(painting.id)
    assert ended(manager, painting.id).state == "done"
    until(lambda: gone(pid))


def test_unload_gives_back_while_the_end_of_a_job_is_still_being_written(manager, monkeypatch):
    tidy = JobFolders.tidy
    monkeypatch.setattr(JobFolders, "tidy", lambda *of: (time.sleep(0.3), tidy(*of)))
    done = ended(manager, manager.submit(job()).id)
    manager.unload()
    assert gone(done.result["pid"]) and manager.device()["state"] == "asleep"


def test_the_daemon_side_never_imports_torch_and_starts_nothing_by_itself():
    code = "import impasto.jobs, sys; sys.exit(any(m in sys.modules for m in ('torch', 'numpy', 'flask')))"
    assert subprocess.run([sys.executable, "-c", code], timeout=60).returncode == 0


def test_the_log_says_when_a_job_begins_and_how_it_ends_and_nothing_of_its_pictures(manager, caplog):
    caplog.set_level("INFO", logger="impasto.jobs")
    done = ended(manager, manager.submit(job()).id)
    failed = ended(manager, manager.submit(job("fail")).id)
    lines = [record.getMessage() for record in caplog.records if record.name == "impasto.jobs.lane"]
    for found, how in ((done, "done"), (failed, "failed")):
        assert f"job {found.id} (stylize) begins" in lines
        assert any(line.startswith(f"job {found.id} (stylize): {how} after ") for line in lines)
    assert not any("content" in line or "script" in line for line in lines)
