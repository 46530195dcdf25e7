"""Layers of every kind, where they lie, what is selected, and one step of undo."""

import os

import impasto_neural_style
from impasto_neural_style import saved_settings
from krita import InfoObject, Selection

from .cases import HEIGHT, KRITA, LAB, WIDTH, apart, children, document, fill, get, put, redo, samples, settled, undo
from .pixels import AREA, painted

CASES = []


def case(function):
    CASES.append(function)
    return function


def base(size=(WIDTH, HEIGHT)):
    made, node = document("RGBA", "U8", size=size)
    fill(node, "RGBA", "U8", (0, 0, *size))
    made.refreshProjection()
    made.waitForDone()
    return made, node


def looks(node, area=AREA):
    return node.projectionPixelData(*area).data()


@case
def a_group():
    made, node = base()
    group = made.createGroupLayer("group")
    made.rootNode().addChildNode(group, node)
    inner = made.createNode("inner", "paintlayer")
    fill(inner, "RGBA", "U8", (5, 6, 40, 30), seed=500)
    group.addChildNode(inner, None)
    made.refreshProjection()
    made.waitForDone()
    new = yield from painted(made, group, strength=0.0)
    assert children(made) == ["content", "group", "great-wave"]
    assert (new.bounds().x(), new.bounds().y()) == (inner.bounds().x(), inner.bounds().y())
    assert apart(get(new, (5, 6, 40, 30)), looks(group, (5, 6, 40, 30)), "U8") == 0


@case
def a_group_that_passes_through():
    made, node = base()
    group = made.createGroupLayer("group")
    made.rootNode().addChildNode(group, node)
    inner = made.createNode("inner", "paintlayer")
    fill(inner, "RGBA", "U8", AREA, seed=500)
    group.addChildNode(inner, None)
    group.setPassThroughMode(True)
    made.refreshProjection()
    made.waitForDone()
    new = yield from painted(made, group, strength=0.0)
    assert apart(get(new, AREA), get(inner, AREA), "U8") == 0


@case
def a_layer_in_a_group():
    made, node = base()
    group = made.createGroupLayer("group")
    made.rootNode().addChildNode(group, node)
    inner = made.createNode("inner", "paintlayer")
    fill(inner, "RGBA", "U8", AREA)
    group.addChildNode(inner, None)
    made.refreshProjection()
    yield from painted(made, inner)
    assert [one.name() for one in group.childNodes()] == ["inner", "great-wave"] and children(made) == ["content", "group"]


@case
def a_vector_layer():
    made, node = base()
    vector = made.createVectorLayer("vector")
    made.rootNode().addChildNode(vector, node)
    vector.addShapesFromSvg(
        '<svg xmlns="http://www.w3.org/2000/svg" width="70" height="50" viewBox="0 0 70 50">'
        '<rect x="10" y="8" width="40" height="30" fill="#d02040"/></svg>'
    )
    made.refreshProjection()
    made.waitForDone()
    yield lambda: not vector.bounds().isEmpty()
    new = yield from painted(made, vector, strength=0.0)
    box = vector.bounds()
    area = (box.x(), box.y(), box.width(), box.height())
    assert any(get(new, area)) and apart(get(new, area), looks(vector, area), "U8") == 0


def looks_the_same(made, node, layer):
    made.rootNode().addChildNode(layer, node)
    made.refreshProjection()
    made.waitForDone()
    yield lambda: any(looks(layer))
    new = yield from painted(made, layer, strength=0.0)
    assert any(get(new, AREA))
    assert apart(get(new, AREA), looks(layer), "U8") == 0


@case
def a_clone():
    made, node = base()
    yield from looks_the_same(made, node, made.createCloneLayer("clone", node))


@case
def a_fill():
    made, node = base()
    settings = InfoObject()
    settings.setProperty("color", "#3070c0")
    whole = Selection()
    whole.select(0, 0, WIDTH, HEIGHT, 255)
    yield from looks_the_same(made, node, made.createFillLayer("fill", "color", settings, whole))


@case
def a_file():
    made, node = base()
    shot = os.path.join(LAB, "file.png")
    node.save(shot, 72.0, 72.0, InfoObject())
    yield from looks_the_same(made, node, made.createFileLayer("file", shot, "None"))


@case
def what_a_filter_mask_shows_is_painted():
    made, node = base()
    whole = Selection()
    whole.select(0, 0, WIDTH, HEIGHT, 255)
    mask = made.createFilterMask("invert", KRITA.filter("invert"), whole)
    node.addChildNode(mask, None)
    made.refreshProjection()
    made.waitForDone()
    yield lambda: looks(node) != get(node, AREA)
    new = yield from painted(made, node, strength=0.0)
    assert apart(get(new, AREA), looks(node), "U8") == 0


@case
def off_the_canvas():
    made, node = document("RGBA", "U8")
    area = (-30, -20, 90, 60)
    fill(node, "RGBA", "U8", area)
    box = node.bounds()
    new = yield from painted(made, node, strength=0.0)
    assert apart(get(new, area), get(node, area), "U8") == 0
    assert new.bounds() == box, (new.bounds(), box)


@case
def a_selection_with_a_soft_edge():
    made, node = base()
    selection = Selection()
    selection.select(20, 10, 30, 25, 255)
    selection.feather(4)
    made.setSelection(selection)
    chosen = selection.pixelData(*AREA).data()
    assert len(set(chosen)) > 5
    new = yield from painted(made, node, strength=0.0)
    before, after = get(node, AREA), get(new, AREA)
    for at, share in enumerate(chosen):
        assert abs(after[4 * at + 3] - before[4 * at + 3] * share / 255) <= 1, at
        if share:
            assert after[4 * at : 4 * at + 3] == before[4 * at : 4 * at + 3]
    whole = yield from painted(made, node, strength=0.0, output="new-layer")
    box = whole.bounds()
    assert box.width() < WIDTH and apart(get(whole, (25, 15, 10, 10)), get(node, (25, 15, 10, 10)), "U8") == 0


@case
def the_selection_in_16_bits_and_half_floats():
    for depth in ("U16", "F16"):
        made, node = document("RGBA", depth)
        fill(node, "RGBA", depth, AREA)
        selection = Selection()
        selection.select(20, 10, 30, 25, 255)
        selection.feather(3)
        made.setSelection(selection)
        chosen = selection.pixelData(*AREA).data()
        new = yield from painted(made, node, strength=0.0)
        before, after = samples(get(node, AREA), depth)[3::4], samples(get(new, AREA), depth)[3::4]
        assert max(abs(b - a * share / 255) for a, b, share in zip(before, after, chosen, strict=True)) < 2e-3


@case
def replaced_within_the_selection():
    made, node = base()
    before = get(node, AREA)
    selection = Selection()
    selection.select(20, 10, 30, 25, 255)
    made.setSelection(selection)
    new = yield from painted(made, node, output="replace")
    assert [one for one in children(made) if one != "Selection Mask"] == ["content"]
    after, chosen = get(new, AREA), selection.pixelData(*AREA).data()
    assert all(after[4 * at : 4 * at + 4] == before[4 * at : 4 * at + 4] for at, share in enumerate(chosen) if not share)
    assert apart(after, before, "U8") > 0.1


@case
def a_local_selection():
    """A layer's own selection counts, and not the document's; as a mask in the layer it is no effect upon its pixels."""
    for output in ("masked", "replace"):
        made, node = base()
        mask, local, everywhere = made.createSelectionMask("local"), Selection(), Selection()
        node.addChildNode(mask, None)
        local.select(5, 6, 30, 20, 255)
        mask.setSelection(local)
        everywhere.select(0, 0, 60, 45, 255)
        made.setSelection(everywhere)
        made.refreshProjection()
        made.waitForDone()
        before = get(node, AREA)
        new = yield from painted(made, node, output=output)
        after = get(new, AREA)
        untouched = before if output == "replace" else bytes(len(before))
        for y in range(HEIGHT):
            for x in range(WIDTH):
                if not (5 <= x < 35 and 6 <= y < 26):
                    at = 4 * (y * WIDTH + x)
                    assert after[at : at + 4] == untouched[at : at + 4] or not after[at + 3], (output, x, y)
        assert apart(get(new, (5, 6, 30, 20)), get(node, (5, 6, 30, 20)), "U8") > 0.1
        if output == "masked":
            mask.setVisible(False)
            made.setSelection(None)
            whole = yield from painted(made, node)
            assert whole.bounds().width() == WIDTH, "a local selection that is switched off"


@case
def a_small_layer_with_transparent_edges():
    made, below = document("RGBA", "U8", size=(16, 16))
    node = made.createNode("new", "paintlayer")
    put(node, (b"\x10\x80\xf0\xff" * 15 + bytes(4)) * 16, (0, 0, 16, 16))
    made.rootNode().addChildNode(node, below)
    made.refreshProjection()
    made.waitForDone()
    assert node.bounds().width() == 15
    new = yield from painted(made, node, strength=0.0)
    assert get(new, (0, 0, 16, 16)) == get(node, (0, 0, 16, 16))


@case
def one_step_of_undo():
    made, node = base()
    before = children(made)
    yield from painted(made, node)
    made.waitForDone()
    assert made.modified()
    undo()
    yield lambda: children(made) == before
    redo()
    yield lambda: children(made) == [*before, "great-wave"]


@case
def the_recipe_is_saved_with_the_document():
    made, node = base()
    new = yield from painted(made, node, strength=0.8)
    file = os.path.join(LAB, "saved.kra")
    made.saveAs(file)
    made.waitForDone()
    yield lambda: os.path.exists(file)
    again = KRITA.openDocument(file)
    yield lambda: len(again.topLevelNodes()) == 2
    recipe = saved_settings.layer_recipe(again, again.topLevelNodes()[1])
    assert again.topLevelNodes()[1].name() == new.name()
    assert (recipe.values, [style.id for style in recipe.styles]) == ({"strength": 0.8}, ["great-wave"])
    again.close()


@case
def the_painted_layer_stays_the_active_one():
    made, node = base()
    made.setActiveNode(node)
    yield lambda: made.activeNode() == node
    yield from painted(made, node)
    yield lambda: made.activeNode() == node


@case
def a_mask_stands_for_its_layer():
    made, node = base()
    mask = made.createNode("mask", "transparencymask")
    node.addChildNode(mask, None)
    made.refreshProjection()
    made.waitForDone()
    yield from painted(made, mask)
    assert children(made) == ["content", "great-wave"]


@case
def a_filter_is_not_painted():
    made, node = base()
    whole = Selection()
    whole.select(0, 0, WIDTH, HEIGHT, 255)
    filter = made.createFilterLayer("filter", KRITA.filter("invert"), whole)
    made.rootNode().addChildNode(filter, node)
    made.refreshProjection()
    made.waitForDone()
    painting = impasto_neural_style.paint(made, filter, "great-wave")
    yield settled(painting)
    assert painting.state == "failed" and "'filter' is a filter" in painting.sentence, painting.sentence
    assert children(made) == ["content", "filter"]


@case
def what_cannot_be_painted_is_said():
    made, below = document("RGBA", "U8")
    node = made.createNode("new", "paintlayer")
    made.rootNode().addChildNode(node, below)
    for change, words in (
        ({}, "is empty"),
        ({"fill": AREA, "select": (10, 10, 8, 8)}, "too few"),
        ({"fill": AREA, "select": (200, 200, 20, 20)}, "outside"),
    ):
        if "fill" in change:
            put(node, b"\x10\x80\xf0\xff" * (change["fill"][2] * change["fill"][3]), change["fill"])
        if "select" in change:
            selection = Selection()
            selection.select(*change["select"], 255)
            made.setSelection(selection)
        painting = impasto_neural_style.paint(made, node, "great-wave")
        yield settled(painting)
        assert painting.state == "failed" and words in painting.sentence, (change, made.selection(), painting.sentence)
        assert "great-wave" not in children(made)
    node.setLocked(True)
    made.setSelection(None)
    painting = impasto_neural_style.paint(made, node, "great-wave", output="replace")
    assert painting.state == "failed" and "locked" in painting.sentence
