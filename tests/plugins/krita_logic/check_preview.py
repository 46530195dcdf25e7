"""The preview follows what the user does to the picture, and nothing else."""

import pytest
import scene
from check_docker import button, choose, daemon, docker, previewed
from impasto_neural_style.qt import QtWidgets
from krita import Krita

__all__ = ["daemon", "docker"]
LONG_ENOUGH = 1.2
"""Seconds of several looks."""


@pytest.fixture
def previewed_docker(docker):
    Krita.instance().new()
    docker.canvasChanged(object())
    choose(docker, 0)
    scene.until(previewed(docker))
    return docker


def another(docker, act):
    """``act()`` brings another preview."""
    image = docker.model.preview.image
    act()
    scene.until(lambda: docker.model.preview.image is not image and previewed(docker)())


def nothing_new(docker, daemon):
    asked = len(daemon.posts())
    scene.settle(LONG_ENOUGH)
    assert len(daemon.posts()) == asked


def test_nothing_is_painted_again_where_nothing_happens(previewed_docker, daemon):
    nothing_new(previewed_docker, daemon)


def test_it_follows_the_active_layer_and_what_is_on_it(previewed_docker, daemon):
    document = Krita.instance().activeDocument()
    other = document.createNode("other", "paintlayer")
    other.data = bytes(255 - value for value in document.active.data)
    document.root.addChildNode(other, document.active)
    another(previewed_docker, lambda: document.setActiveNode(other))
    another(previewed_docker, lambda: setattr(other, "data", other.data[:-4] + b"\x01\x02\x03\xff"))
    nothing_new(previewed_docker, daemon)


def test_not_while_krita_is_at_work(previewed_docker, daemon):
    document = Krita.instance().activeDocument()
    document.at_work = True
    document.active.data = document.active.data[:-4] + b"\x01\x02\x03\xff"
    nothing_new(previewed_docker, daemon)
    another(previewed_docker, lambda: setattr(document, "at_work", False))


def test_another_document_is_shown_and_none_is_not(previewed_docker):
    def opens():
        Krita.instance().new()
        previewed_docker.canvasChanged(object())

    another(previewed_docker, opens)
    Krita.instance().open.clear()
    previewed_docker.canvasChanged(None)
    scene.settle(LONG_ENOUGH)
    assert previewed_docker.model.preview.image is None and previewed_docker.model.preview.sentence == ""


def test_an_empty_layer_is_said_and_shows_no_other_picture(previewed_docker):
    document = Krita.instance().activeDocument()
    empty = document.createNode("new", "paintlayer")
    document.root.addChildNode(empty, document.active)
    document.setActiveNode(empty)
    scene.until(lambda: "is empty" in previewed_docker.model.preview.sentence)
    assert previewed_docker.model.preview.image is None


@pytest.mark.parametrize("output", ["masked", "replace"])
def test_what_was_painted_stays_to_be_seen_until_something_changes(previewed_docker, daemon, output):
    docker, document = previewed_docker, Krita.instance().activeDocument()
    docker.settings.show_output(output)
    docker.apply()
    scene.until(lambda: not docker.model.running)
    document.setActiveNode(document.topLevelNodes()[0])
    assert "Done" in docker.action_bar._status.text()
    nothing_new(docker, daemon)
    assert docker.model.preview.image is docker.model.painting.after
    choose(docker, 1)
    assert "Done" not in docker.action_bar._status.text()
    scene.until(previewed(docker))
    docker.apply()
    scene.until(lambda: not docker.model.running)
    scene.settle(LONG_ENOUGH)

    def painted():
        layer = document.activeNode()
        layer.data = layer.data[:-4] + b"\x05\x06\x07\xff"

    if output == "masked":
        another(docker, painted)
        assert "Done" not in docker.action_bar._status.text()


def test_apply_is_grey_without_a_document(previewed_docker):
    assert button(previewed_docker, "impasto-apply").isEnabled()
    Krita.instance().open.clear()
    scene.until(lambda: not button(previewed_docker, "impasto-apply").isEnabled())


def test_a_preview_that_is_out_of_date_is_given_up(docker, daemon):
    Krita.instance().new()
    daemon.held = True
    choose(docker, 0)
    scene.until(lambda: len(daemon.jobs) == 1)
    scene.settle(0.1)
    docker.findChild(QtWidgets.QSlider, "impasto-detail").setValue(80)
    scene.until(lambda: len(daemon.jobs) == 2)
    assert daemon.jobs["job0"]["state"] == "cancelled" and daemon.jobs["job1"]["state"] == "running"
    scene.until(lambda: daemon.jobs["job0"].get("removed"))


def test_a_preview_given_up_before_the_daemon_has_named_it_leaves_nothing_either(docker, daemon):
    Krita.instance().new()
    daemon.held = True
    answer = daemon._answer
    daemon._answer = lambda request, answered: answer(request, lambda *words: scene.later(300, lambda: answered(*words)))
    choose(docker, 0)
    scene.until(lambda: len(daemon.jobs) == 1)
    docker.findChild(QtWidgets.QSlider, "impasto-detail").setValue(80)
    scene.until(lambda: len(daemon.jobs) == 2 and daemon.jobs["job0"].get("removed"))


def test_a_preview_that_waits_says_for_what(docker, daemon):
    Krita.instance().new()
    daemon.held = True
    choose(docker, 0)
    scene.until(lambda: "job0" in daemon.jobs)
    job = daemon.jobs["job0"]
    job.update(state="queued", position=1, waiting_for={"id": "a", "kind": "stylize", "title": "The Great Wave"})
    scene.until(lambda: "behind The Great Wave" in docker.model.preview.sentence)
    job.update(state="running", position=0, waiting_for=None)
    scene.until(lambda: "behind" not in docker.model.preview.sentence)
    assert docker.model.preview.busy
