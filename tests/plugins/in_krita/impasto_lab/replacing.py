"""The painting in a layer's place: the others stay where they are, and it is one step of undo, however often."""

import gc
import time

import impasto_neural_style

from .cases import HEIGHT, KRITA, OPTIONS, WIDTH, children, document, fill, get, redo, settled, undo

AREA = (0, 0, WIDTH, HEIGHT)
QUICK = {"method": "iterative", "iterations": 1, "step_size": 0.001}
CASES = []


def case(function):
    CASES.append(function)
    return function


def stack(names):
    """A document with layers of these names, the lowest first; and the layers."""
    made, lowest = document()
    lowest.setName(names[0])
    layers = [lowest]
    for name in names[1:]:
        layers.append(made.createNode(name, "paintlayer"))
        made.rootNode().addChildNode(layers[-1], layers[-2])
    for seed, layer in enumerate(layers):
        fill(layer, "RGBA", "U8", AREA, 100 * seed)
    made.refreshProjection()
    made.waitForDone()
    return made, layers


def replaced(made, node):
    """Paints it over, and answers the layer in its place."""
    painting = impasto_neural_style.paint(made, node, "great-wave", output="replace", **QUICK)
    yield settled(painting)
    assert painting.state == "done", painting.sentence
    assert painting.layer.uniqueId() != node.uniqueId()
    return painting.layer


def becomes(made, wanted):
    """The layers become these (their ids), and stay so for longer than anybody's hands need."""
    yield lambda: [one.uniqueId() for one in made.topLevelNodes()] == wanted
    until = time.monotonic() + 0.15
    yield lambda: time.monotonic() > until
    assert [one.uniqueId() for one in made.topLevelNodes()] == wanted, children(made)


@case
def every_layer_keeps_its_place():
    for place in range(3):
        made, layers = stack("ABC")
        before = [one.uniqueId() for one in layers]
        new = yield from replaced(made, layers[place])
        after = [*before[:place], new.uniqueId(), *before[place + 1 :]]
        yield from becomes(made, after)
        undo()
        yield from becomes(made, before)
        redo()
        yield from becomes(made, after)


@case
def blending_mode_and_opacity_are_kept_and_offered():
    for values, blending in (
        ({"output": "replace"}, ("multiply", 102)),
        ({"blend": True}, ("multiply", 102)),
        ({}, ("normal", 255)),
    ):
        made, layers = stack("AB")
        layers[1].setBlendingMode("multiply")
        layers[1].setOpacity(102)
        painting = impasto_neural_style.paint(made, layers[1], "great-wave", **values, **QUICK)
        yield settled(painting)
        assert (painting.layer.blendingMode(), painting.layer.opacity()) == blending, painting.sentence


@case
def the_lowest_of_a_group_stays_the_lowest():
    made, (node,) = stack("A")
    group = made.createGroupLayer("group")
    made.rootNode().addChildNode(group, node)
    inner = [made.createNode(name, "paintlayer") for name in ("first", "second")]
    for at, one in enumerate(inner):
        fill(one, "RGBA", "U8", AREA, at)
        group.addChildNode(one, inner[0] if at else None)
    made.refreshProjection()
    made.waitForDone()
    yield from replaced(made, inner[0])
    assert [one.name() for one in group.childNodes()] == ["first", "second"] and children(made) == ["A", "group"]


@case
def one_undo_and_one_redo_however_often():
    made, (node,) = stack("A")
    before, pixels = [node.uniqueId()], get(node, AREA)
    new = yield from replaced(made, node)
    after, painted = [new.uniqueId()], get(new, AREA)
    del new, node
    for _round in range(OPTIONS["rounds"]):
        for act, wanted, shown in ((undo, before, pixels), (redo, after, painted)):
            gc.collect()  # what nobody holds is gone, and its handlers with it
            act()
            yield from becomes(made, wanted)
            assert get(made.topLevelNodes()[0], AREA) == shown


@case
def replaced_twice_is_two_steps():
    made, (node,) = stack("A")
    states = [[node.uniqueId()]]
    for _time in range(2):
        node = yield from replaced(made, node)
        states.append([node.uniqueId()])
    for act, wanted in ((undo, 1), (undo, 0), (redo, 1), (redo, 2)):
        act()
        yield from becomes(made, states[wanted])


@case
def a_step_of_hers_in_between_is_not_taken_back():
    """Undo, and at once another step: what Undo would take back now is hers."""
    for action, layers in (("add_new_paint_layer", 3), ("fill_selection_foreground_color", 2)):
        made, (node,) = stack("A")
        yield from replaced(made, node)
        undo()
        step = KRITA.action("edit_undo").text()
        KRITA.action(action).trigger()
        yield lambda made=made, layers=layers: len(children(made)) == layers
        until = time.monotonic() + 0.5
        yield lambda until=until: time.monotonic() > until
        assert len(children(made)) == layers, children(made)
        assert action == "add_new_paint_layer" or KRITA.action("edit_undo").text() != step
