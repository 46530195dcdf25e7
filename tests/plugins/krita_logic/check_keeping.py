"""Keep as a style: offered where a painting has refined one, named, kept, chosen; and what is said where that does not work."""

import pytest
import scene
from check_docker import button, choose, daemon, docker
from check_layout import DEFAULT, NARROW, place
from impasto_neural_style import learning
from impasto_neural_style.client import messages
from impasto_neural_style.qt import QtWidgets
from krita import Krita

__all__ = ["daemon", "docker"]


@pytest.fixture
def painted(docker, daemon):
    """A docker that has just painted with a layer as style, which was refined."""
    daemon.refines = True
    Krita.instance().new()
    docker.style_menu.add(lambda: learning.from_layer(docker.model.layer()))
    paint(docker)
    return docker


def paint(docker):
    docker.apply()
    scene.until(lambda: docker.model.painting is not None and docker.model.painting.over)
    scene.settle()


def question(docker):
    return docker.findChild(QtWidgets.QInputDialog, "impasto-keep-name")


def keep(docker, name="Clouds", by="impasto-keep-style"):
    button(docker, by).click()
    question(docker).setTextValue(name)
    question(docker).accept()
    scene.settle()


def said(docker):
    return docker.action_bar._status.text()


def test_what_was_refined_becomes_a_style_that_is_chosen(painted, daemon):
    offer = button(painted, "impasto-keep-style")
    assert offer.isVisible()
    offer.click()
    assert question(painted).textValue() == "content", "the picture's own name is suggested"
    question(painted).reject()
    scene.settle()
    assert "/v1/jobs/job0/keep" not in daemon.posts() and offer.isVisible()
    keep(painted)
    scene.until(lambda: [style.id for style in painted.recipe().styles] == ["kept"])
    assert daemon.posts().count("/v1/jobs/job0/keep") == 1 and b'name="name"\r\n\r\nClouds\r\n' in daemon.bodies[-1]
    assert "Clouds" in said(painted) and not offer.isVisible()
    assert [one.style.title for one in painted.model.styles.entries].count("content") == 0, "the style has taken its place"
    painted.pages.setCurrentWidget(painted.results)
    painted.results._list.item(0).setSelected(True)
    assert not button(painted, "impasto-keep-result").isVisible(), "once is enough"


def test_a_style_of_the_library_keeps_its_name(docker, daemon):
    daemon.refines = True
    Krita.instance().new()
    choose(docker, 2)
    paint(docker)
    button(docker, "impasto-keep-style").click()
    scene.until(lambda: "/v1/jobs/job0/keep" in daemon.posts())
    assert question(docker) is None


def test_it_is_not_offered_where_nothing_was_refined_or_something_else_is_chosen(docker, daemon):
    Krita.instance().new()
    choose(docker, 0)
    paint(docker)
    assert not button(docker, "impasto-keep-style").isVisible()
    daemon.refines = True
    choose(docker, 2)
    paint(docker)
    assert button(docker, "impasto-keep-style").isVisible()
    choose(docker, 1)
    scene.settle()
    assert not button(docker, "impasto-keep-style").isVisible(), "it would seem to mean what is chosen now"
    docker.pages.setCurrentWidget(docker.results)
    docker.results._list.item(0).setSelected(True)
    assert button(docker, "impasto-keep-result").isVisible(), "a result can be kept for as long as it is there"
    button(docker, "impasto-keep-result").click()
    scene.until(lambda: [style.id for style in docker.recipe().styles] == ["kept"])


@pytest.mark.parametrize(
    "status, words, again",
    [
        (0, messages.KEPT_NOTHING, True),
        (404, messages.RESULT_EXPIRED, False),
        (409, messages.NO_LONGER_KEPT, False),
        (410, messages.RESULT_EXPIRED, False),
    ],
)
def test_why_it_cannot_be_kept_is_said(painted, daemon, status, words, again):
    daemon.keep_status = status
    keep(painted)
    scene.until(lambda: said(painted) == words)
    assert button(painted, "impasto-keep-style").isVisible() == again
    assert len(daemon.styles) == 3


@pytest.mark.parametrize("size", [DEFAULT, NARROW])
def test_it_has_room_for_its_words(painted, size):
    painted.resize(*size)
    scene.settle()
    for page, name in ((painted.styles, "impasto-keep-style"), (painted.results, "impasto-keep-result")):
        painted.pages.setCurrentWidget(page)
        if page is painted.results:
            painted.results._list.item(0).setSelected(True)
        scene.settle()
        one = button(painted, name)
        assert one.isVisible() and painted.rect().contains(place(painted, one)), name
        assert one.width() >= one.fontMetrics().horizontalAdvance(one.text()) + 4, (name, one.width())
        assert not place(painted, one).intersects(place(painted, painted.action_bar.preview)), name
    assert painted.width() == size[0]
