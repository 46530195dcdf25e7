"""The user's own styles: added, refused, removed."""

import pytest
import scene
from check_docker import choose, daemon, docker
from impasto_neural_style import learning
from impasto_neural_style.qt import QtWidgets
from krita import Krita

__all__ = ["daemon", "docker"]


def kept(docker, tmp_path, content):
    file = tmp_path / "Mohn.png"
    file.write_bytes(content)
    docker.style_menu.keep(lambda: learning.read(str(file)))


def remove(docker, key):
    menu = docker.styles.menu_of(key)
    menu.actions()[-1].trigger()
    asked = docker.findChild(QtWidgets.QMessageBox, "impasto-remove-style")
    assert "Mohn" in asked.text() or "content" in asked.text()
    asked.accept()


def test_a_picture_is_kept_and_chosen_and_can_be_removed(docker, daemon, tmp_path):
    kept(docker, tmp_path, scene.png())
    scene.until(lambda: [style.id for style in docker.recipe().styles] == ["own"])
    remove(docker, "own")
    scene.until(lambda: not docker.styles.gallery.findItems("Mohn", scene.EXACTLY))
    assert ("DELETE", "/v1/styles/own") in daemon.asked
    assert docker.recipe().styles == [] and docker.model.recipe.styles == []


def test_an_own_style_is_renamed_and_stays_chosen(docker, daemon, tmp_path):
    kept(docker, tmp_path, scene.png())
    scene.until(lambda: [style.id for style in docker.recipe().styles] == ["own"])
    docker.styles.menu_of("own").actions()[0].trigger()
    asked = docker.findChild(QtWidgets.QInputDialog, "impasto-new-name")
    assert asked.textValue() == "Mohn" and "Mohn" in asked.windowTitle()
    asked.setTextValue(" Klatschmohn ")
    asked.accept()
    scene.until(lambda: docker.styles.gallery.findItems("Klatschmohn", scene.EXACTLY))
    assert ("PATCH", "/v1/styles/own") in daemon.asked
    assert [(style.id, style.title) for style in docker.model.recipe.styles] == [("own", "Klatschmohn")]


def test_a_broken_picture_is_refused_when_it_is_added(docker, daemon, tmp_path):
    choose(docker, 0)
    kept(docker, tmp_path, b"this is no picture")
    scene.until(lambda: "no picture" in docker.action_bar._status.text())
    assert [style.id for style in docker.recipe().styles] == ["wave"] and "Mohn" not in [one["title"] for one in daemon.styles]


def test_a_layer_that_is_a_style_can_be_removed(docker):
    Krita.instance().new()
    docker.style_menu.add(lambda: learning.from_layer(docker.model.layer()))
    key = docker.styles.gallery.chosen()[0]
    assert len(docker.styles.menu_of(key).actions()) == 1, "it cannot be renamed: the daemon does not know it"
    remove(docker, key)
    scene.until(lambda: not docker.styles.gallery.findItems("content", scene.EXACTLY))
    assert docker.recipe().styles == []


@pytest.mark.parametrize("key", ["wave", "nothing"])
def test_what_ships_is_not_removed(docker, key):
    assert docker.styles.menu_of(key) is None
