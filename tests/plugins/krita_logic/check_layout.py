"""What is in sight in a docker as small as Krita makes it, or smaller."""

import pytest
import scene
from check_docker import button, choose, daemon, docker, previewed
from impasto_neural_style.qt import QtCore
from krita import Krita

__all__ = ["daemon", "docker"]
DEFAULT, NARROW = (262, 424), (180, 424)


@pytest.fixture(params=[DEFAULT, NARROW])
def small(docker, daemon, request):
    """A docker with a preview, and more styles than it has room for."""
    daemon.styles += [
        {"id": f"more{number}", "title": f"Number {number}", "painter": "", "year": "", "fast": True} for number in range(9)
    ]
    docker.model.styles.ask()
    scene.until(lambda: docker.styles.gallery.count() == len(daemon.styles))
    Krita.instance().new()
    docker.resize(*request.param)
    choose(docker, 0)
    scene.until(previewed(docker))
    scene.settle()
    return docker


def place(docker, widget):
    return QtCore.QRect(widget.mapTo(docker, QtCore.QPoint(0, 0)), widget.size())


def test_it_can_be_so_narrow(small):
    assert small.width() in (DEFAULT[0], NARROW[0])


def test_more_than_one_row_of_styles_is_in_sight(small):
    gallery = small.styles.gallery
    whole = [row for row in range(gallery.count()) if gallery.viewport().rect().contains(gallery.visualItemRect(gallery.item(row)))]
    rows = {gallery.visualItemRect(gallery.item(row)).top() for row in whole}
    first = gallery.visualItemRect(gallery.item(0))
    assert len(rows) > 1 or gallery.viewport().height() >= 1.6 * first.height()
    assert gallery.visualItemRect(gallery.item(1)).top() == first.top(), "two in a row at least"


def test_all_three_pages_have_a_tab_in_sight(small):
    bar = small.pages.tabBar()
    for index in range(3):
        assert bar.rect().contains(bar.tabRect(index)) and bar.tabRect(index).width() >= 28, index
        assert small.pages.tabToolTip(index) == bar.tabText(index)


def test_the_buttons_have_room_for_their_words_and_cover_nothing(small, daemon):
    daemon.held = True
    small.apply()
    scene.until(lambda: small.model.running and small.model.painting.fraction)
    scene.settle()
    preview = place(small, small.action_bar.preview)
    for name in ("impasto-keep", "impasto-discard"):
        one = button(small, name)
        assert one.width() >= one.fontMetrics().horizontalAdvance(one.text()) + 4, (name, one.width())
        assert small.rect().contains(place(small, one)) and not place(small, one).intersects(preview), name
    small.discard()


def test_the_chosen_style_is_named_beside_the_preview(small):
    labels = (small.action_bar._status, small.action_bar._plan)
    assert any(label.isVisible() and "The Wave" in label.text() for label in labels), [label.text() for label in labels]


@pytest.mark.parametrize("ratio", [1.0, 2.0])
def test_thumbnails_are_sharp_on_a_fine_screen(docker, monkeypatch, ratio):
    scene.until(lambda: all(known.image is not None for known in docker.model.styles.entries))
    gallery = docker.styles.gallery
    monkeypatch.setattr(gallery, "devicePixelRatioF", lambda: ratio)
    fitted = gallery.fitted("wave", 50, 40)
    assert (fitted.width(), fitted.height(), fitted.devicePixelRatio()) == (50 * ratio, 40 * ratio, ratio)
