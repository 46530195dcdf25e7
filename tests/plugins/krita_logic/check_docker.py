"""What the docker does, step by step. Collected by ../test_krita_docker.py under each Qt, not by the suite itself."""

import os
import re
from pathlib import Path
from xml.etree import ElementTree

import pytest
import scene
from impasto_neural_style import qt
from impasto_neural_style.client import recipe as recipes
from impasto_neural_style.qt import QtCore, QtWidgets
from krita import Krita

PLUGIN = Path(qt.__file__).parent


@pytest.fixture
def daemon():
    return scene.Daemon()


@pytest.fixture
def docker(daemon):
    made = scene.docker(daemon)
    made.model.krita = made.model.preview._krita = Krita.instance()
    yield made
    made.model.close()
    made.close()
    made.deleteLater()
    scene.settle(0.01)


def button(docker, name):
    return docker.findChild(QtWidgets.QPushButton, name)


def choose(docker, *rows):
    docker.styles.gallery.clearSelection()
    for row in rows:
        docker.styles.gallery.item(row).setSelected(True)


def previewed(docker):
    return lambda: docker.model.preview.image is not None and not docker.model.preview.busy


def test_this_is_the_qt_that_was_asked_for():
    assert qt.major_version() == int(os.environ["FAKE_KRITA_QT"])
    assert QtCore.QT_VERSION_STR.startswith(os.environ["FAKE_KRITA_QT"])


def test_it_is_registered(daemon):
    from impasto_neural_style import extension

    krita = Krita.instance()
    extension.register(krita)
    assert krita.factories[-1].widget.__name__ == "NeuralStyle" and krita.extensions


def test_every_action_has_its_line_in_the_file_that_krita_reads():
    actions = ElementTree.parse(PLUGIN.with_suffix(".action")).iter("Action")
    shortcuts = {one.get("name"): one.findtext("shortcut") for one in actions}
    source = (PLUGIN / "extension.py").read_text(encoding="utf-8")
    assert set(re.findall(r'"(impasto_(?!neural)\w+)"', source)) == set(shortcuts)
    assert all(shortcuts[name] for name in ("impasto_apply", "impasto_repeat", "impasto_keep"))


def test_styles_are_listed_and_pictured(docker):
    assert [docker.styles.gallery.item(row).text() for row in range(3)] == ["The Wave", "The Night", "Kairouan"]
    scene.until(lambda: all(known.image is not None for known in docker.model.styles.entries))


@pytest.mark.parametrize("height", [320, 424, 900])
def test_the_buttons_are_in_sight_without_scrolling(docker, daemon, height):
    Krita.instance().new()
    docker.resize(262, height)
    choose(docker, 0)
    scene.until(previewed(docker))
    daemon.held = True
    docker.apply()
    scene.until(lambda: docker.model.running and docker.model.painting.fraction)
    scene.settle()
    for name in ("impasto-keep", "impasto-discard"):
        one = button(docker, name)
        place = QtCore.QRect(one.mapTo(docker, QtCore.QPoint(0, 0)), one.size())
        assert one.isVisible() and docker.rect().contains(place), (name, place)
        assert not any(isinstance(parent, QtWidgets.QScrollArea) for parent in parents(one))
    assert docker.height() <= height + 1 and docker.styles.gallery.viewport().height() > 40
    docker.discard()


def parents(widget):
    while widget is not None:
        widget = widget.parentWidget()
        yield widget


def test_twenty_moves_make_one_preview(docker, daemon):
    Krita.instance().new()
    choose(docker, 0)
    scene.until(previewed(docker))
    before, image = len(daemon.posts()), docker.model.preview.image
    slider = docker.findChild(QtWidgets.QSlider, "impasto-strength")
    for value in range(50, 90, 2):
        slider.setValue(value)
        scene.settle(0.01)
    scene.until(lambda: docker.model.preview.image is not image and not docker.model.preview.busy)
    assert daemon.posts()[before:] == ["/v1/jobs"]
    assert b'name="strength"\r\n\r\n0.88' in daemon.bodies[-1]


def test_slow_methods_are_not_previewed(docker, daemon):
    Krita.instance().new()
    choose(docker, 2)
    scene.settle(0.6)
    assert not daemon.jobs
    choose(docker, 0)
    docker.settings.show_values({"iterations": 7})
    scene.settle(0.6)
    assert not daemon.jobs
    assert "Iterative" in docker.action_bar._status.text() and "about\u00a04\u00a0min" in docker.action_bar._status.text()


def test_the_plan_is_the_daemons(docker, daemon):
    Krita.instance().new()
    docker.resize(262, 900)
    docker.settings.show_values({"resolution": 32})
    choose(docker, 0)
    scene.until(previewed(docker))
    caption = docker.action_bar._status.text()
    assert "64 x 48 px, as it will be." in caption and "painted at 32 x 24 px" in caption and "about\u00a02\u00a0s" in caption
    assert docker.action_bar._status.toolTip() == "The styles are so."
    docker.resize(262, 400)
    scene.settle()
    beside = docker.findChild(QtWidgets.QLabel, "impasto-plan")
    assert beside.isVisible() and "about\u00a02\u00a0s" in beside.text()


def test_a_refusal_of_the_plan_is_shown(docker, daemon):
    Krita.instance().new()
    daemon._plan = lambda query: {"error": {"code": "unknown_style", "message": "There is no such style.", "hint": "Add it."}}
    daemon.plan_status = 404
    choose(docker, 0)
    scene.until(lambda: docker.action_bar._status.text() == "There is no such style. Add it.")
    assert not daemon.jobs


@pytest.mark.parametrize("most, resolution", [(1 << 20, b"32"), (1000, b"18")])
def test_a_preview_has_the_resolution_of_the_painting(docker, daemon, monkeypatch, most, resolution):
    """Of a part, its share: strokes have the size that they will have."""
    from impasto_neural_style import preview

    monkeypatch.setattr(preview, "MAX_PIXELS", most)
    monkeypatch.setattr(preview.preview_sample, "MIN_SIDE", 8)
    Krita.instance().new()
    docker.settings.show_values({"resolution": 32})
    choose(docker, 0)
    scene.until(previewed(docker))
    assert b'name="resolution"\r\n\r\n%s\r\n' % resolution in daemon.bodies[-1]


def test_several_styles_have_weights(docker):
    choose(docker, 0, 1)
    docker.styles.weights._sliders["night"].setValue(25)
    assert [(style.id, style.weight) for style in docker.recipe().styles] == [("wave", 1.0), ("night", 0.25)]
    choose(docker, 1)
    assert docker.recipe().styles == [recipes.Style("night", title="The Night")]
    assert not docker.styles.weights.isVisible()


def test_settings_make_the_recipe_and_the_recipe_the_settings(docker):
    values = {
        "strength": 0.7,
        "detail": 0.2,
        "keep_colours": "luminance",
        "method": "iterative",
        "resolution": 640,
        "seed": 3,
        "content_weight": 2.5,
        "loss": "gram",
        "init": "noise",
        "optimiser": "adam",
        "iterations": 20,
        "scales": 2,
        "pooling": "l2",
        "encoder": "vgg16",
        "content_layers": "relu4_2:1",
    }
    docker.styles.sliders.show_values(values)
    docker.settings.show_values(values)
    assert docker.recipe().values == values
    docker.styles.sliders.show_values({})
    docker.settings.show_values({})
    assert docker.recipe().values == {}


def test_painted_into_a_new_layer_and_kept_in_the_history(docker, daemon):
    document, node = Krita.instance().new()
    docker.canvasChanged(object())
    choose(docker, 0)
    button(docker, "impasto-apply").click()
    scene.until(lambda: not docker.model.running)
    assert [one.name() for one in document.topLevelNodes()] == ["content", "The Wave"], docker.model.painting.sentence
    assert document.topLevelNodes()[1].data == node.data and document.topLevelNodes()[1].blending == ("normal", 255)
    results = docker.results
    assert results._list.count() == 1
    results._list.setCurrentRow(0)
    button(docker, "impasto-insert").click()
    scene.until(lambda: len(document.topLevelNodes()) == 3)
    scene.until(lambda: not docker.model.running)
    button(docker, "impasto-compare-button").click()
    assert docker._compare.isVisible() and docker._compare.before is not None
    docker.styles.sliders.show_values({"strength": 0.9})
    button(docker, "impasto-edit").click()
    assert docker.recipe().values == {} and docker.pages.currentWidget() is docker.styles
    button(docker, "impasto-remove").click()
    assert results._list.count() == 0
    scene.until(lambda: any(method == "DELETE" for method, _path in daemon.asked))


def test_the_next_session_begins_as_this_one_ended(docker, daemon):
    Krita.instance().new()
    choose(docker, 0, 1)
    docker.styles.weights._sliders["night"].setValue(30)
    docker.settings.show_values({"keep_colours": "luminance"})
    docker.settings.show_output("new-layer")
    docker.settings.blend.setChecked(True)
    docker.apply()
    kept, recipe = Krita.instance().settings, docker.recipe()
    scene.until(lambda: not docker.model.running)
    jobs = len(daemon.jobs)
    other = scene.docker(daemon, kept)
    assert other.recipe() == recipe and other.settings.output() == "new-layer" and other.settings.blend.isChecked()
    scene.settle(0.5)
    assert len(daemon.jobs) == jobs and other.model.last == (recipe, "new-layer", True)
    other.model.close()
    other.close()


def test_a_new_layer_that_blends_as_the_layer_does(docker):
    document, node = Krita.instance().new()
    node.blending = ("multiply", 102)
    choose(docker, 0)
    docker.settings.blend.setChecked(True)
    docker.apply()
    scene.until(lambda: not docker.model.running)
    assert document.topLevelNodes()[1].blending == node.blending


def test_a_layer_knows_what_it_was_painted_with(docker):
    document, _node = Krita.instance().new()
    choose(docker, 0, 1)
    docker.styles.sliders.show_values({"strength": 0.8})
    painted = docker.recipe()
    docker.apply()
    scene.until(lambda: not docker.model.running)
    docker.styles.sliders.show_values({})
    choose(docker, 2)
    docker._load_layer_settings()
    assert "was not painted" in docker.action_bar._status.text()
    document.active = document.topLevelNodes()[1]
    docker._load_layer_settings()
    assert docker.recipe() == painted


def test_stop_and_keep_and_discard(docker, daemon):
    document, _node = Krita.instance().new()
    daemon.held = True
    for name, state, layers in (("impasto-keep", "done", 2), ("impasto-discard", "cancelled", 2)):
        choose(docker, 0)
        docker.apply()
        scene.until(lambda: docker.model.running and docker.model.painting.fraction)
        assert "40 %" in docker.action_bar._status.text() and "30 s" in docker.action_bar._status.text()
        button(docker, name).click()
        scene.until(lambda: not docker.model.running)
        scene.until(lambda state=state: daemon.jobs[docker.model.painting.job["id"]]["state"] == state)
        assert len(document.topLevelNodes()) == layers


def test_a_document_that_is_closed_meanwhile_leaves_the_result(docker, daemon):
    document, _node = Krita.instance().new()
    daemon.held = True
    choose(docker, 0)
    docker.apply()
    scene.until(lambda: docker.model.running and docker.model.painting.fraction)
    document.close()
    docker.canvasChanged(None)
    daemon.let_go()
    scene.until(lambda: not docker.model.running)
    assert "has been closed" in docker.action_bar._status.text() and docker.results._list.count() == 1
    other, _node = Krita.instance().new()
    docker.canvasChanged(object())
    docker.results._list.setCurrentRow(0)
    docker.model.insert(docker.results.entry().id)
    scene.until(lambda: len(other.topLevelNodes()) == 2)


def test_without_a_document_or_a_style_it_says_so(docker):
    docker.canvasChanged(None)
    assert not button(docker, "impasto-apply").isEnabled()
    docker.apply()
    assert "Choose a style" in docker.action_bar._status.text()
    choose(docker, 0)
    docker.apply()
    assert "Open a picture" in docker.action_bar._status.text()


def test_apply_looks_again_for_a_daemon_that_was_not_there(docker, daemon):
    Krita.instance().new()
    docker.model.styles.entries = []
    docker.model.connection._fail("Impasto itself is not installed")
    assert "not installed" in docker.action_bar._status.text()
    docker.apply()
    scene.until(lambda: docker.model.styles.entries and not docker.action_bar._status.text())


def test_quitting_in_the_middle_is_the_end_of_it(docker, daemon):
    Krita.instance().new()
    daemon.held = True
    choose(docker, 0)
    docker.apply()
    scene.until(lambda: docker.model.running and docker.model.painting.fraction)
    docker.model.close()
    asked = len(daemon.asked)
    scene.settle(0.3)
    assert len(daemon.asked) <= asked + 1


def test_a_layer_as_a_style(docker):
    document, node = Krita.instance().new()
    from impasto_neural_style import learning

    docker.style_menu.add(lambda: learning.from_layer(docker.model.layer()))
    assert [style.title for style in docker.recipe().styles] == ["content"] and docker.recipe().styles[0].picture
    node.data = b""
    docker.style_menu.add(lambda: learning.from_layer(docker.model.layer()))
    assert "Select a layer" in docker.action_bar._status.text()


def test_a_style_is_learnt_across_sessions(docker, daemon):
    Krita.instance().new()
    docker.style_menu.learn()
    asked = docker.findChild(QtWidgets.QDialog, "impasto-learn")
    assert [style.title for style in asked.choices] == ["content"]
    asked._name.setText("Mine")
    asked._answer()
    scene.until(lambda: docker.model.training.running and docker.model.training.fraction)
    assert "Mine" in docker.action_bar._learning_line._whole and "10 min" in docker.action_bar._learning_line._whole
    other = scene.docker(daemon)
    scene.until(lambda: other.model.training.running and other.model.training.fraction)
    daemon.styles.append({"id": "mine", "title": "Mine", "painter": "", "year": "", "fast": True})
    daemon.jobs["training"]["result"] = {"styles": ["mine"]}
    daemon.let_go()
    for one in (docker, other):
        scene.until(lambda one=one: [style.id for style in one.recipe().styles] == ["mine"])
    other.model.close()
    other.close()


@pytest.mark.parametrize("content, words", [(None, "cannot be read"), (b"", "")])
def test_a_file_as_a_style(docker, tmp_path, content, words):
    from impasto_neural_style import learning

    file = tmp_path / "Klatschmohn ü.png"
    if content is not None:
        file.write_bytes(scene.png())
    docker.style_menu.add(lambda: learning.read(str(file)))
    assert words in docker.action_bar._status.text()
    assert [style.title for style in docker.recipe().styles] == ([] if words else ["Klatschmohn ü"])


def test_the_wheel_scrolls_and_does_not_change_values(docker):
    slider = docker.findChild(QtWidgets.QSlider, "impasto-strength")
    slider.clearFocus()
    event = QtCore.QEvent(QtCore.QEvent.Type.Wheel)
    assert docker.styles.sliders._wheel_guard.eventFilter(slider, event) and slider.value() == 50
