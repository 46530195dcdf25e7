"""What goes wrong while something is painted, and what the user does meanwhile; the daemon's work is scripted, step by step."""

import json
import urllib.request

import impasto_neural_style
from impasto_neural_style import colour_spaces, insertion
from impasto_neural_style import docker as dockers
from krita import Selection
from PyQt5.QtCore import QEventLoop, QTimer
from PyQt5.QtWidgets import QDockWidget, QListWidget, QPushButton, QSlider

from .cases import HEIGHT, KRITA, OPTIONS, WIDTH, children, document, fill, settled

AREA = (0, 0, WIDTH, HEIGHT)
LONG = {"iterations": 100000, "step_size": 0.02, "method": "iterative"}
CASES = []


def case(function):
    CASES.append(function)
    return function


def base(depth="U8"):
    made, node = document("RGBA", depth)
    fill(node, "RGBA", depth, AREA)
    return made, node


def asked(path):
    """What the daemon says, asked as anybody would."""
    request = urllib.request.Request(OPTIONS["url"] + path, headers={"Authorization": "Bearer " + OPTIONS["token"]})
    with urllib.request.build_opener(urllib.request.ProxyHandler({})).open(request, timeout=10) as answer:
        return json.load(answer)


def jobs():
    return asked("/v1/jobs?limit=100")["jobs"]


def state(painting):
    return asked("/v1/jobs/" + painting.job["id"])["state"]


def under_way(made, node, **values):
    """A painting that the daemon has begun."""
    painting = impasto_neural_style.paint(made, node, "great-wave", **dict(LONG, **values))
    yield lambda: painting.job.get("state") == "running" and painting.fraction > 0
    return painting


@case
def discarded():
    made, node = base()
    painting = yield from under_way(made, node)
    painting.discard()
    assert painting.over and painting.state == "cancelled"
    yield lambda: state(painting) == "cancelled"
    assert children(made) == ["content"]


@case
def stopped_and_kept():
    made, node = base()
    painting = yield from under_way(made, node)
    yield lambda: painting.take_preview() is not None
    painting.stop()
    yield settled(painting)
    assert painting.state == "done", painting.sentence
    assert children(made) == ["content", "great-wave"]
    job = asked("/v1/jobs/" + painting.job["id"])
    assert job["state"] == "done" and job["result"]["finished_early"]


@case
def the_document_is_closed_meanwhile():
    made, node = base()
    painting = yield from under_way(made, node)
    made.setModified(False)
    made.close()
    yield lambda: made not in KRITA.documents()
    painting.stop()
    yield settled(painting)
    assert painting.state == "failed" and "has been closed" in painting.sentence, painting.sentence
    assert state(painting) == "done"
    other, _node = base()
    again = impasto_neural_style.scripting.again(painting.job["id"])
    yield settled(again)
    assert again.state == "done" and len(children(other)) == 2, again.sentence


@case
def the_layer_is_deleted_meanwhile():
    made, node = base()
    other = made.createNode("other", "paintlayer")
    made.rootNode().addChildNode(other, node)
    painting = yield from under_way(made, node)
    node.remove()
    yield lambda: children(made) == ["other"]
    painting.stop()
    yield settled(painting)
    assert painting.state == "done" and children(made) == ["other", "great-wave"], painting.sentence


@case
def discarded_while_the_layer_is_added():
    """Krita lets its interface have turns while it adds a layer: too late to give up, or half of it would be done."""
    made, node = base()
    painting = impasto_neural_style.paint(made, node, "great-wave", output="replace", **dict(LONG, iterations=1))
    add = insertion._add

    def adding(*arguments):
        add(*arguments)
        painting.discard()

    insertion._add = adding
    yield settled(painting)
    insertion._add = add
    assert painting.state == "done" and children(made) == ["content"], (painting.sentence, children(made))
    assert made.topLevelNodes()[0].uniqueId() == painting.layer.uniqueId()


@case
def applied_while_the_preview_is_read():
    """Krita lets its interface have turns while it converts colours, and Apply is clicked in one."""
    made, one = yield from opened("F16")
    convert, clicks = colour_spaces.Converter._converted, []

    def converting(*arguments):
        if not clicks:
            clicks.append(made)
            one.apply()
            loop = QEventLoop()
            QTimer.singleShot(50, loop.quit)
            loop.exec()
        return convert(*arguments)

    colour_spaces.Converter._converted = converting
    one.model.refresh_preview()
    yield lambda: clicks and not one.model.running
    colour_spaces.Converter._converted = convert
    assert one.model.painting.state == "done" and len(children(made)) == 2, one.model.painting.sentence


@case
def another_document_comes_to_the_front():
    made, node = base()
    painting = yield from under_way(made, node)
    other, _node = base()
    yield lambda: KRITA.activeDocument() == other
    painting.stop()
    yield settled(painting)
    assert children(made) == ["content", "great-wave"] and children(other) == ["content"]


@case
def the_daemon_refuses():
    made, node = base()
    for values, words in (({"seed": OPTIONS["fails"]}, "not enough memory"), ({"iterations": -1}, "iterations")):
        painting = impasto_neural_style.paint(made, node, "great-wave", **dict(LONG, **values))
        yield settled(painting)
        assert painting.state == "failed" and words in painting.sentence, painting.sentence
    painting = impasto_neural_style.paint(made, node, "no-such-style")
    yield settled(painting)
    assert painting.state == "failed" and "no-such-style" in painting.sentence, painting.sentence
    assert children(made) == ["content"]


@case
def a_script_that_waits():
    made, node = base()
    layer = impasto_neural_style.paint(made, node, "great-wave", iterations=3, step_size=0.01, method="iterative").wait(30)
    assert layer.name() == "great-wave"
    yield


def the_docker():
    found = KRITA.activeWindow().qwindow().findChild(QDockWidget, "impasto_neural_style")
    assert isinstance(found, dockers.NeuralStyle)
    return found


def press(one, name):
    button = one.findChild(QPushButton, name)
    assert button.isVisible() and button.isEnabled(), name
    button.click()


def opened(depth="U8"):
    made, node = base(depth)
    yield lambda: KRITA.activeDocument() == made and made.activeNode() is not None
    one = the_docker()
    styles = one.findChild(QListWidget, "impasto-styles")
    yield lambda: styles.count() >= 4
    names = [styles.item(row).text() for row in range(styles.count())]
    styles.clearSelection()
    styles.setCurrentRow(names.index("The Great Wave off Kanagawa"))
    yield lambda: not one.model.preview.busy and one.model.preview.image is not None
    return made, one


@case
def twenty_moves_make_one_preview():
    made, one = yield from opened()
    before, image = len(jobs()), one.model.preview.image
    sent = []
    send = one.model.connection.ask

    def counted(request, then, lost=None):
        sent.append((request.method, request.path))
        send(request, then, lost)

    one.model.connection.ask = counted
    slider = one.findChild(QSlider, "impasto-strength")
    for value in range(20, 60, 2):
        slider.setValue(value)
        yield
    yield lambda: one.model.preview.image is not image and not one.model.preview.busy
    one.model.connection.ask = send
    assert sent.count(("POST", "/v1/jobs")) == 1, sent
    yield lambda: len(jobs()) == before  # and the preview is in nobody's way


@case
def the_preview_follows_what_is_done_to_the_picture():
    made, one = yield from opened()
    content, other = made.topLevelNodes()[0], made.createNode("other", "paintlayer")
    fill(other, "RGBA", "U8", AREA, 300)

    def another_layer():
        made.rootNode().addChildNode(other, content)
        made.setActiveNode(other)

    def a_stroke():
        KRITA.action("fill_selection_foreground_color").trigger()

    def a_selection():
        chosen = Selection()
        chosen.select(8, 8, 40, 30, 255)
        made.setSelection(chosen)

    for act, size in ((another_layer, (WIDTH, HEIGHT)), (a_stroke, (WIDTH, HEIGHT)), (a_selection, (40, 30))):
        image = one.model.preview.image
        act()
        yield lambda image=image: one.model.preview.image not in (image, None) and not one.model.preview.busy
        before = one.model.preview.before
        assert (before.width(), before.height()) == size, act
    made.setModified(False)
    made.close()
    apply = one.findChild(QPushButton, "impasto-apply")
    yield lambda: KRITA.activeDocument() is not None or not apply.isEnabled()


@case
def painted_by_the_docker():
    made, one = yield from opened()
    press(one, "impasto-apply")
    yield lambda: not one.model.running
    assert len(children(made)) == 2, one.model.painting.sentence
    results = one.findChild(QListWidget, "impasto-results")
    assert results.count() >= 1
    KRITA.action("impasto_repeat").trigger()
    yield lambda: len(children(made)) == 3
    yield lambda: not one.model.running
    one.pages.setCurrentIndex(2)
    results.setCurrentRow(0)
    press(one, "impasto-insert")
    yield lambda: len(children(made)) == 4
    yield lambda: not one.model.running
    count = results.count()
    results.setCurrentRow(0)
    press(one, "impasto-remove")
    yield lambda: results.count() == count - 1
    one.pages.setCurrentIndex(0)


@case
def stopped_by_the_docker():
    made, one = yield from opened()
    one.settings.show_values(LONG)
    KRITA.action("impasto_apply").trigger()
    yield lambda: one.model.running and one.model.painting.fraction > 0
    press(one, "impasto-keep")
    yield lambda: not one.model.running
    assert len(children(made)) == 2 and state(one.model.painting) == "done"
    KRITA.action("impasto_apply").trigger()
    yield lambda: one.model.running and one.model.painting.fraction > 0
    press(one, "impasto-discard")
    yield lambda: not one.model.running
    assert len(children(made)) == 2
    yield lambda: state(one.model.painting) == "cancelled"
    one.settings.show_values({})
