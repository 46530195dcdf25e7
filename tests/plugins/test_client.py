"""The plug-ins' protocol against a real daemon: every request is understood, every answer read, every ending reached."""

from __future__ import annotations

import ast
import json
import threading

import numpy as np
import pytest
from api.script import REFINES
from impasto_client import keeping, labels, messages, pixels, plan, preview_sample, recipe, translation, wire
from impasto_client.job_client import CANCELLED, DONE, FAILED, JobClient
from impasto_client.parameters import PARAMETERS
from impasto_client.pixels import Pixels
from impasto_client.recipe import Recipe, Style

from .conftest import PLUGINS


def picture(width=40, height=30, channels=4, depth="u8"):
    size = width * height * channels * pixels.SIZES[depth]
    return Pixels(width, height, channels, depth, bytes(range(256)) * (size // 256) + bytes(size % 256))


def content(**sizes):
    return pixels.pack(picture(**sizes))


GREAT_WAVE = Recipe([Style("great-wave", title="The Great Wave")], {"iterations": 3, "strength": 0.7, "keep_colours": "luminance"})


def run(job_client, send, between=lambda job_client: None, most=400):
    for _ in range(most):
        if job_client.request is None:
            return job_client
        job_client.handle_response(*send(job_client.request))
        between(job_client)
    raise AssertionError(f"still {job_client.state}: {job_client.job}")


@pytest.mark.parametrize("depth, dtype", [("u8", np.uint8), ("u16", np.uint16), ("float", np.float32)])
@pytest.mark.parametrize("channels", [1, 2, 3, 4])
def test_pixels_are_numpys_arrays(tmp_path, depth, dtype, channels):
    data = content(channels=channels, depth=depth)
    (tmp_path / "a.npy").write_bytes(data)
    array = np.load(tmp_path / "a.npy")
    assert array.shape == (30, 40, channels) and array.dtype == dtype
    assert array.tobytes() == picture(channels=channels, depth=depth).data
    np.save(tmp_path / "b.npy", array)
    assert bytes(pixels.unpack((tmp_path / "b.npy").read_bytes()).data) == array.tobytes()


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"\x93NUMPY\x01\x00",
        content()[:-1],
        content() + b"x",
        content().replace(b"|u1", b"|S1"),
        content().replace(b"False", b"True "),
    ],
)
def test_what_is_no_picture_is_refused(data):
    with pytest.raises((ValueError, SyntaxError, KeyError)):
        pixels.unpack(data)
    with pytest.raises(ValueError):
        pixels.pack(picture()._replace(width=41))


@pytest.mark.slow
def test_a_painting_from_pixels_to_pixels(send):
    job_client = run(JobClient.stylize(content(), GREAT_WAVE, "key-1"), send)
    assert job_client.state == DONE and job_client.error is None
    back = pixels.unpack(job_client.result)
    assert (back.width, back.height, back.channels, back.depth) == (40, 30, 4, "u8")
    assert job_client.job["parameters"]["strength"] == 0.7 and job_client.job["parameters"]["keep_colours"] == "luminance"


def test_a_picture_may_be_sent_in_pieces(send):
    whole = content()
    body = wire.stylize([whole[:100], whole[100:]], GREAT_WAVE, "key-pieces")
    assert isinstance(body.body, list)
    job_client = run(JobClient(body._replace(body=b"".join(body.body))), send)
    assert job_client.state == DONE and pixels.unpack(job_client.result).width == 40
    assert send(wire.remove(job_client.job["id"]))[0] == 204
    assert send(wire.job(job_client.job["id"]))[0] == 404


def test_the_same_key_is_the_same_job(send):
    first, second = (run(JobClient.stylize(content(), GREAT_WAVE, "key-2"), send) for _ in range(2))
    assert first.job["id"] == second.job["id"]


def test_pictures_and_ids_are_mixed_with_their_weights(send):
    mixed = Recipe(
        [Style(picture=content(), title="mine", weight=3.0), Style("scream", title="The Scream", weight=1.0)], {"iterations": 2}
    )
    job_client = run(JobClient.stylize(content(), mixed, "key-3"), send)
    assert job_client.job["parameters"]["style"] == ["scream", "upload:0"] and job_client.job["parameters"]["style_weights"] == [
        1.0,
        3.0,
    ]
    assert mixed.title() == "mine + The Scream"


def test_stop_and_keep_and_discard(send):
    def after_a_step(action):
        return lambda job_client: (
            getattr(job_client, action)() if job_client.job.get("step", 0) >= 2 and not job_client.ended else None
        )

    long = Recipe(GREAT_WAVE.styles, {"iterations": 5000, "step_size": 0.02})
    kept = run(JobClient.stylize(content(), long, "key-4"), send, after_a_step("finish"))
    assert kept.state == DONE and kept.job["result"]["finished_early"]
    assert kept.preview is None or kept.preview.startswith(b"\x89PNG")
    gone = run(JobClient.stylize(content(), long, "key-5"), send, after_a_step("cancel"))
    assert gone.state == CANCELLED and gone.result is None and gone.error is None


def test_a_preview_is_taken_once():
    job_client = JobClient.stylize(content(), GREAT_WAVE, "key-14")
    assert job_client.take_preview() is None
    for preview in (b"first", b"second"):
        job_client.preview = preview
        assert job_client.take_preview() == preview and job_client.take_preview() is None


def test_to_stop_before_the_first_step_is_to_discard(send):
    long = Recipe(GREAT_WAVE.styles, {"iterations": 5000, "step_size": 0.02})
    running = JobClient.stylize(content(), long, "key-6")
    running.handle_response(*send(running.request))
    waiting = JobClient.stylize(content(), long, "key-7")
    waiting.finish()
    assert run(waiting, send).state == CANCELLED
    running.cancel()
    assert run(running, send).state == CANCELLED


@pytest.mark.parametrize("values, code", [({"strength": 3.0}, "invalid_parameter"), ({"strenght": 1}, "unknown_parameter")])
def test_a_refusal_has_the_daemons_own_words(send, values, code):
    job_client = run(JobClient.stylize(content(), Recipe(GREAT_WAVE.styles, values), "key-x" + code), send)
    assert (
        job_client.state == FAILED and job_client.error.code == code and job_client.error.message and job_client.error.status == 400
    )


def test_a_wrong_token_is_told(send):
    job_client = JobClient.stylize(content(), GREAT_WAVE, "key-8")
    job_client.handle_response(*send(job_client.request, token="wrong"))
    assert job_client.state == FAILED and job_client.error.code == "unauthorised"


def test_a_daemon_that_is_gone_is_told_after_some_tries(send):
    job_client = JobClient.stylize(content(), GREAT_WAVE, "key-9")
    job_client.handle_response(*send(job_client.request))
    tries = 0
    while job_client.request is not None:
        job_client.handle_no_response("connection refused")
        tries += 1
    assert tries == 6 and job_client.state == FAILED and "kept" in job_client.error.hint


@pytest.mark.parametrize("status, body", [(500, b"<html>"), (200, b"\xff"), (502, b""), (404, b'{"error": 3}'), (200, b"[1")])
def test_an_answer_of_somebody_else_is_an_error(status, body):
    with pytest.raises(wire.ApiError):
        wire.read_json(status, body)


@pytest.mark.slow
def test_a_job_nobody_asks_about_is_given_up(send, daemon):
    long = Recipe(GREAT_WAVE.styles, {"iterations": 5000, "step_size": 0.02})
    asked = wire.read_json(*send(wire.stylize(content(), long, "key-10", lease=1)))
    kept = wire.read_json(*send(wire.stylize(content(), long, "key-11", lease=60)))
    given_up = threading.Event()
    for _ in range(200):
        # Not through get(): that would be to ask about it.
        if daemon.manager.jobs(state="cancelled") and asked["id"] in [job.id for job in daemon.manager.jobs(state="cancelled")]:
            given_up.set()
            break
        given_up.wait(0.1)
    assert given_up.is_set()
    assert daemon.manager.cancel(kept["id"]).state == "cancelled" and kept["state"] in ("queued", "running")


def test_styles_thumbnails_and_an_own_style(send):
    listed = wire.read_json(*send(wire.styles()))["styles"]
    assert {"id", "title", "fast"} <= set(listed[0])
    assert wire.read_bytes(*send(wire.thumbnail(listed[0]["id"]))).startswith(b"\x89PNG")
    added = wire.read_json(*send(wire.add_style("Über-Fresko \u00e9", content(width=80, height=60, channels=3))))
    assert added["title"] == "Über-Fresko \u00e9" and added["own"]
    assert wire.read_bytes(*send(wire.style_picture(added["id"])))
    renamed = wire.read_json(*send(wire.rename_style(added["id"], "Die alte Mühle")))
    assert renamed == added | {"title": "Die alte Mühle"}
    assert send(wire.remove_style(added["id"]))[0] == 204 and send(wire.style_picture(added["id"]))[0] == 404
    assert wire.read_json(*send(wire.jobs(3)))["jobs"]


def test_an_editor_that_cannot_go_on_says_why():
    job_client = JobClient.stylize(content(), GREAT_WAVE, "key-13")
    job_client.fail("The disk is gone.")
    assert job_client.state == FAILED and job_client.request is None and job_client.error.sentence() == "The disk is gone."


def test_a_preview_is_a_part_at_its_final_scale():
    assert preview_sample.choose(1000, 700, 1.0, 800_000) == (0, 0, 1000, 700, 1.0, 1.0, True)
    x, y, width, height, scale, share, whole = preview_sample.choose(4000, 3000, 1.0, 800_000)
    assert (
        not whole
        and scale == 1
        and share == width / 4000
        and 700_000 < width * height <= 800_000
        and abs(width / height - 4 / 3) < 0.01
    )
    assert (x + width / 2, y + height / 2) == pytest.approx((2000, 1500), abs=1)
    corner = preview_sample.choose(4000, 3000, 1.0, 800_000, centre=(1.0, 0.0))
    assert (corner.x + corner.width, corner.y) == (4000, 0)
    assert preview_sample.choose(4000, 3000, 0.25, 800_000).whole, "what is painted smaller needs no part"
    half = preview_sample.choose(4000, 3000, 0.5, 800_000)
    assert not half.whole and half.width * half.height == pytest.approx(4 * 800_000, rel=0.01)
    read = preview_sample.choose(4000, 3000, 0.25, 800_000, 1 << 20)
    assert not read.whole and read.width * read.height <= 1 << 20, "where reading takes time, less is read"
    assert preview_sample.choose(20000, 30, 1.0, 100_000).height == 30 and preview_sample.choose(4000, 3000, 1.0, 0).whole


def test_a_preview_of_a_part_is_painted_at_the_scale_of_all_of_it():
    mine = Recipe(GREAT_WAVE.styles, {"strength": 0.7, "resolution": 1000})
    whole = preview_sample.choose(2000, 1500, 0.5, 800_000)
    assert preview_sample.recipe_for(whole, mine) == mine
    part = preview_sample.choose(4000, 3000, 0.25, 200_000)
    assert preview_sample.recipe_for(part, mine).values == {
        "strength": 0.7,
        "resolution": round(part.width * 0.25),
        "stroke_size": round(2.5 * 4000 / part.width, 2),
    }
    full = preview_sample.choose(4000, 3000, 1.0, 200_000)
    assert preview_sample.recipe_for(full, Recipe(GREAT_WAVE.styles, {"resolution": 9000})).values == {
        "stroke_size": round(2.5 * 4000 / full.width, 2)
    }


def test_the_daemon_tells_what_a_choice_will_mean(send):
    recipe = Recipe([Style("starry-night"), Style("great-wave", weight=0.5)], {"strength": 0.7, "resolution": 400})
    found = plan.read(*send(wire.plan(recipe, 800, 600)))
    assert found.method == "fast" and found.quick and found.reason and (found.width, found.height) == (400, 300)
    assert found.scale(800, 600) == 0.5 and "painted at 400 x 300 px" in found.in_words(800, 600)
    slow = plan.read(*send(wire.plan(Recipe([Style(picture=content())], {"loss": "gram"}), 200, 100)))
    assert slow.method == "iterative" and not slow.quick and "painted at" not in slow.in_words(200, 100)
    refined = plan.read(*send(wire.plan(Recipe([Style(picture=content())]), 200, 100)))
    assert refined.method == "fast" and not refined.quick, "not with every move of a slider"
    with pytest.raises(wire.ApiError) as refused:
        plan.read(*send(wire.plan(Recipe([Style("no-such-style")]), 200, 100)))
    assert refused.value.code == "unknown_style" and refused.value.sentence()


@pytest.mark.parametrize(
    "seconds, words",
    [(None, "Fast, in one pass"), (0.4, "· about\u00a01\u00a0s"), (240.0, "· about\u00a04\u00a0min"), (0.0, "Fast, in one pass")],
)
def test_a_plan_says_how_long_it_takes_where_that_is_known(seconds, words):
    assert plan.Plan("fast", "", 640, 480, seconds).in_words(640, 480).endswith(words)


def test_a_method_that_the_plugin_does_not_know_is_named():
    assert plan.Plan("text", "", 640, 480, None).in_words(640, 480) == "text"


@pytest.mark.slow
def test_a_training_is_followed_to_its_end(send):
    job_client = run(JobClient.train("My fresco", content(width=200, height=150, channels=3), "key-12"), send)
    assert job_client.job["kind"] == "train" and job_client.state in (DONE, FAILED) and job_client.result is None
    again = run(JobClient.resume(job_client.job, has_picture=False), send)
    assert again.state == job_client.state


def refined(send, style, key):
    """A job whose style can be kept."""
    recipe = Recipe([style], {"iterations": 2, "step_size": 0.01, "method": "iterative", "seed": REFINES})
    return run(JobClient.stylize(content(), recipe, key), send).job, recipe


def test_what_a_picture_was_refined_to_is_kept_as_a_style(send):
    job, recipe = refined(send, Style(picture=content(width=80, height=60, channels=3), title="Wolken"), "keep-1")
    assert keeping.can_be_kept(job) and keeping.needs_name(job) and keeping.suggested_name(job, recipe) == "Wolken"
    before = json.loads(json.dumps(job))
    ids, sentence = keeping.outcome(job, *send(keeping.request(job, "Über den Wolken")))
    (new,) = [style for style in wire.read_json(*send(wire.styles()))["styles"] if style["id"] in ids]
    assert new["title"] == "Über den Wolken" and new["fast"] and "Über den Wolken" in sentence
    assert not keeping.can_be_kept(job), "once is enough"
    for again, words in ((before, messages.NO_LONGER_KEPT), ({**before, "id": "0" * 16}, messages.RESULT_EXPIRED)):
        assert keeping.outcome(again, *send(keeping.request(again, "Twice"))) == ([], words)
        assert not keeping.can_be_kept(again), "there is nothing that a second try could keep"
    assert send(wire.remove_style(new["id"]))[0] == 204


def test_a_picture_of_the_library_keeps_its_name(send):
    own = wire.read_json(*send(wire.add_style("Mine alone", content(width=80, height=60, channels=3))))
    job, recipe = refined(send, Style(own["id"], title=own["title"]), "keep-2")
    assert keeping.can_be_kept(job) and not keeping.needs_name(job)
    ids, sentence = keeping.outcome(job, *send(keeping.request(job)))
    assert ids == [own["id"]] and "Mine alone" in sentence
    assert send(wire.remove_style(own["id"]))[0] == 204


def test_what_cannot_be_kept_is_not_offered_and_why_is_said(send):
    learnt = run(JobClient.stylize(content(), GREAT_WAVE, "keep-3"), send).job
    assert not any(keeping.can_be_kept(job) for job in (learnt, {}, {"result": None}, {"result": {"kept": ["a"]}}))
    job, recipe = refined(send, Style(picture=content(width=80, height=60, channels=3), title="x" * 300), "keep-4")
    assert len(keeping.suggested_name(job, recipe)) == wire.MAX_NAME_LENGTH and keeping.suggested_name(job) == ""
    assert keeping.outcome(job, 0, b"") == ([], messages.KEPT_NOTHING) and keeping.can_be_kept(job), "it may be tried again"
    ids, sentence = keeping.outcome(job, *send(keeping.request(job, "y" * 300)))
    assert not ids and "name" in sentence and keeping.can_be_kept(job)


def test_a_recipe_comes_back_as_it_was():
    mine = Recipe([Style("scream", title="Der Schrei", weight=2.0), Style(picture=b"\x00\xff", title="Ölbild")], {"detail": 0.25})
    assert Recipe.from_json(mine.to_json()) == mine


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[]",
        '{"impasto": 2, "styles": [], "values": {}}',
        '{"impasto": 1, "styles": [], "values": {}}',
        '{"impasto": 1, "styles": [{"id": "x"}], "values": {}}',
        "x" * (recipe.MAX_BYTES + 1),
    ],
)
def test_a_text_that_is_no_recipe_is_refused(text):
    with pytest.raises(ValueError):
        Recipe.from_json(text)


def test_progress_is_told_in_words():
    assert messages.progress({"state": "queued", "position": 2}) == "Waiting; 2 in the queue"
    waiting = {"state": "queued", "position": 1, "waiting_for": {"id": "a", "kind": "stylize", "title": "The Great Wave"}}
    assert messages.progress(waiting) == "Waiting; 1 in the queue · behind The Great Wave" and messages.waits(waiting)
    assert messages.progress({**waiting, "phase": "paused"}) == "Paused; 1 in the queue · behind The Great Wave"
    assert messages.progress({"state": "running", "phase": "paused", "fraction": 0.2}) == "Paused"
    waiting["waiting_for"]["kind"] = "train"
    assert messages.progress(waiting) == "Waiting; 1 in the queue · behind the training of The Great Wave"
    assert not messages.waits({"state": "queued", "position": 1, "waiting_for": None})
    found = messages.progress({"state": "running", "phase": "painting", "fraction": 0.214, "eta": 130.0})
    assert found == "Painting · 21 % · about 2 min left"
    found = messages.progress({"state": "running", "phase": "learning", "fraction": 0.5, "eta": 31.4})
    assert found == "Learning · 50 % · about 31 s left"


def test_the_client_needs_the_standard_library_alone_and_only_the_starter_opens_anything():
    pure = {"ast", "base64", "collections", "hashlib", "hmac", "json", "ntpath", "posixpath", "struct", "urllib", "uuid"}
    for file in (PLUGINS / "client").rglob("*.py"):
        tree = ast.parse(file.read_text(encoding="utf-8"), feature_version=(3, 8))
        names = {alias.name.split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        names |= {
            (node.module or "").split(".")[0] for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and not node.level
        }
        starts = file.name == "starter.py"
        more = {"starter.py": {"os", "shutil", "subprocess", "sys"}, "translation.py": {"gettext"}}.get(file.name, set())
        assert names <= (more if starts else pure | more), file
        assert starts or not any(isinstance(node, ast.Name) and node.id in ("open", "print") for node in ast.walk(tree)), file


def test_every_parameter_and_every_choice_has_words():
    def same(text):
        return text

    known = {p["name"]: p for p in PARAMETERS}
    assert set(labels.names(same)) == set(labels.hints(same)) == set(known)
    offered = {(name, value) for name, p in known.items() for value in p["choices"]}
    assert set(labels.choices(same)) == offered
    assert all("_" not in text for table in (labels.names, labels.choices, labels.hints) for text in table(same).values())


@pytest.mark.slow
@pytest.mark.parametrize(
    "found, expected",
    [
        (["de_DE.UTF-8", "de_DE", "de", "C"], ["de_DE", "de"]),
        (["de-DE", "de", "de-Latn-DE"], ["de_DE", "de", "de_Latn_DE"]),
        (["pt-BR", "fr", "en"], ["pt_BR", "pt", "fr"]),
        (["ca_ES@valencia"], ["ca_ES", "ca"]),
        (["en_GB", "de_DE"], []),
        (["C"], []),
        ([], []),
    ],
)
def test_english_before_german_is_not_a_preference_for_german(found, expected):
    assert translation.preferred(found) == expected
