"""Painting anew: "repeat" and earlier paintings are painted from their source, where they are, and touch nothing else."""

import os
import struct
import sys

from cases import (
    LAB,
    REPEAT,
    WIDTH,
    Gimp,
    add_layer,
    apart,
    call,
    case,
    get,
    paint,
    picture,
    put,
    refused,
    run,
    source_of,
)

sys.path.insert(0, os.path.join(LAB, "profile/plug-ins/impasto-neural-style"))
import daemon as daemons  # noqa: E402
import noninteractive  # noqa: E402
import paint_options  # noqa: E402
from impasto_client import outputs  # noqa: E402
from impasto_client.recipe import Recipe, Style  # noqa: E402
from target import Target  # noqa: E402


def repeat(image, layer):
    done, message, new = call(REPEAT, image, [layer])
    assert done, message
    return new


def painted_anew(image, layer, output, on_progress=lambda job: None, **values):
    """As the window does it, with an earlier painting or a layer."""
    options = paint_options.PaintOptions(Recipe([Style("scream")], values), output)
    return noninteractive.paint(Target(image, layer), options, daemons.find_or_start(), on_progress)


def box(layer):
    return (*layer.get_offsets()[-2:], layer.get_width(), layer.get_height())


def soft_selection(image, *rectangle):
    image.select_rectangle(Gimp.ChannelOps.REPLACE, *rectangle)
    Gimp.Selection.feather(image, 6)


@case
def a_painting_is_repeated_from_its_source():
    image, layer = picture()
    layer.set_offsets(4, -3)
    first = repeat(image, layer)
    second = repeat(image, first)
    assert get(second, "R'G'B'A u8") == get(first, "R'G'B'A u8") != get(layer, "R'G'B'A u8")
    assert source_of(image, second) == layer and image.get_layers() == [second, first, layer]
    assert first.get_name() == "The Starry Night" and second.get_name().startswith("The Starry Night")


@case
def what_is_repeated_is_seen():
    image, layer = picture()
    other = add_layer(image, "above all", (20, 20))
    first = repeat(image, layer)
    second = repeat(image, layer)
    third = repeat(image, first)
    assert image.get_layers() == [other, third, second, first, layer]


@case
def part_and_mask_stay():
    for precision in ("u8", "float"):
        image, layer = picture(precision=precision)
        layer.set_offsets(-5, 3)
        soft_selection(image, 10, 8, 30, 25)
        first = repeat(image, layer)
        Gimp.Selection.none(image)
        put(first.get_mask(), "Y float", struct.pack("<f", 0.25) * 40, (0, 4, first.get_width(), 1))  # she has painted on it since
        second = repeat(image, first)
        assert box(second) == box(first) and first.get_width() < WIDTH
        assert get(second.get_mask(), "Y float") == get(first.get_mask(), "Y float")
        assert get(second, "R'G'B'A u8") == get(first, "R'G'B'A u8")
        assert repeat(image, layer).get_mask() is None


@case
def a_new_selection_is_heeded():
    image, layer = picture()
    soft_selection(image, 10, 8, 30, 25)
    first = repeat(image, layer)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 2, 3, 40, 20)
    assert box(repeat(image, first)) == (2, 3, 40, 20)


@case
def it_is_painted_anew_where_the_image_was_cropped_or_scaled_or_a_layer_moved():
    image, layer = picture()
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 20, 10, 40, 30)
    first = repeat(image, layer)
    Gimp.Selection.none(image)
    image.crop(50, 40, 15, 5)
    assert box(repeat(image, first)) == box(first) == (5, 5, 40, 30)
    image.scale(100, 80)
    assert box(repeat(image, first)) == box(first) == (10, 10, 80, 60)
    first.set_offsets(500, 500)
    assert box(repeat(image, first)) == box(layer)


@case
def a_painting_in_a_group_is_repeated_there():
    image, layer = picture()
    first = repeat(image, layer)
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    image.reorder_item(first, group, 0)
    second = repeat(image, first)
    assert group.get_children() == [second, first] and source_of(image, second) == layer


@case
def a_script_paints_the_layer_that_it_names():
    image, layer = picture()
    first = paint(image, layer, style="scream")
    assert source_of(image, paint(image, first, style="scream")) == first


@case
def a_replaced_painting_stays_the_layer_that_it_is():
    image, layer = picture()
    soft_selection(image, 10, 8, 30, 25)
    first = repeat(image, layer)
    Gimp.Selection.none(image)
    first.set_name("my sky")
    first.set_opacity(40)
    first.set_mode(Gimp.LayerMode.MULTIPLY)
    mask = get(first.get_mask(), "Y u8")
    new = painted_anew(image, first, outputs.REPLACE, strength=0.0)
    assert new == first and image.get_layers() == [first, layer]
    assert (first.get_name(), first.get_opacity(), first.get_mode()) == ("my sky", 40, Gimp.LayerMode.MULTIPLY)
    x, y, width, height = box(first)
    assert get(first, "R'G'B'A u8") == get(layer, "R'G'B'A u8", (x, y, width, height)) and get(first.get_mask(), "Y u8") == mask


@case
def of_a_painting_only_what_is_selected_is_replaced():
    image, layer = picture()
    first = repeat(image, layer)
    before = get(first, "R'G'B'A u8")
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 20, 10, 30, 20)
    painted_anew(image, first, outputs.REPLACE, strength=0.0)
    assert changed(before, get(first, "R'G'B'A u8"), 4) <= inside(20, 10, 30, 20)
    assert get(first, "R'G'B'A u8", (20, 10, 30, 20)) == get(layer, "R'G'B'A u8", (20, 10, 30, 20))


def changed(before, after, channels):
    return {(i // channels % WIDTH, i // channels // WIDTH) for i in range(len(after)) if after[i] != before[i]}


def inside(x, y, width, height):
    return {(column, row) for column in range(x, x + width) for row in range(y, y + height)}


@case
def a_selection_that_changes_meanwhile_changes_nothing_of_what_is_replaced():
    def nothing(image):
        Gimp.Selection.none(image)

    def elsewhere(image):
        soft_selection(image, 2, 2, 25, 25)

    for alpha in (True, False):
        for change in (nothing, elsewhere):
            image, layer = picture(alpha=alpha)
            soft_selection(image, 20, 10, 30, 20)
            before = get(layer, "R'G'B'A u8")
            plain = painted_through(image, layer, lambda _image: None)
            put(layer, "R'G'B'A u8", before)
            soft_selection(image, 20, 10, 30, 20)
            assert painted_through(image, layer, change) == plain != before, (alpha, change.__name__)
            now = get(image.get_selection(), "Y float")
            change(image)
            assert apart(now, get(image.get_selection(), "Y float")) == 0, "what she has selected since stays selected"
            assert image.get_selected_layers() == [layer] and not image.get_channels()


def painted_through(image, layer, change):
    done = []

    def on_progress(_job):
        if not done:
            done.append(change(image))

    painted_anew(image, layer, outputs.REPLACE, on_progress)
    assert done
    return get(layer, "R'G'B'A u8")


@case
def a_selection_that_was_made_meanwhile_changes_nothing_either():
    image, layer = picture()
    before = get(layer, "R'G'B'A u8")
    plain = painted_through(image, layer, lambda _image: None)
    put(layer, "R'G'B'A u8", before)
    assert painted_through(image, layer, lambda image: soft_selection(image, 2, 2, 25, 25)) == plain
    assert not Gimp.Selection.is_empty(image)


@case
def text_is_not_turned_into_pixels_unasked():
    image, layer = picture(size=(200, 100))
    text = Gimp.TextLayer.new(image, "Impasto", Gimp.context_get_font(), 40, Gimp.Unit.pixel())
    image.insert_layer(text, None, 0)
    refused(image, [text], "is text", output="replace")
    assert text.is_text_layer() and paint(image, text, strength=0.0).get_name() == "The Starry Night"


@case
def what_has_been_made_pixels_is_replaced_like_any_layer():
    if not hasattr(Gimp, "VectorLayer"):
        return  # in GIMP 3.0, text that has become pixels is no text
    image, layer = picture(size=(200, 100))
    path = Gimp.Path.new(image, "path")
    image.insert_path(path, None, 0)
    path.bezier_stroke_new_ellipse(60, 50, 40, 30, 0)
    text = Gimp.TextLayer.new(image, "Impasto", Gimp.context_get_font(), 40, Gimp.Unit.pixel())
    for made in (text, Gimp.VectorLayer.new(image, path)):
        image.insert_layer(made, None, 0)
        refused(image, [made], "new layer", output="replace")
        made.rasterize()
        assert paint(image, made, output="replace", strength=0.0) == made


run()
