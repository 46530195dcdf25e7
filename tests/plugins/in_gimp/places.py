"""Where a painting goes: selections, offsets, groups, masks, effects, and what can be undone."""

import array
import os
import sys

from cases import (
    HEIGHT,
    LAB,
    PAINT,
    WIDTH,
    Gegl,
    Gimp,
    add_layer,
    apart,
    call,
    case,
    floats,
    get,
    paint,
    picture,
    put,
    refused,
    run,
    seen,
)

sys.path.insert(0, os.path.join(LAB, "profile/plug-ins/impasto-neural-style"))
import layers  # noqa: E402
import paint_options  # noqa: E402
import results  # noqa: E402
from impasto_client import outputs  # noqa: E402


@case
def a_selection_bounds_and_masks_the_result():
    for precision, depth in (("u8", "u8"), ("u16", "u16"), ("float", "float")):
        image, layer = picture(precision=precision)
        layer.set_offsets(-5, 3)
        image.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 8, 30, 25)
        Gimp.Selection.feather(image, 6)
        there, x, y, width, height = layer.mask_intersect()
        new = paint(image, layer, strength=0.0)
        assert there and (new.get_width(), new.get_height()) == (width, height)
        assert tuple(new.get_offsets()[-2:]) == (x - 5, y + 3)
        wanted = get(image.get_selection(), "Y " + depth, (x - 5, y + 3, width, height))
        assert get(new.get_mask(), "Y " + depth) == wanted and len(set(wanted)) > 5
        assert get(new, "R'G'B' u16") == get(layer, "R'G'B' u16", (x, y, width, height))
        assert new.get_edit_mask() is False


@case
def a_new_layer_need_not_be_masked():
    image, layer = picture()
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 10, 8, 30, 25)
    assert paint(image, layer, strength=0.0, output="new-layer").get_mask() is None


@case
def a_layer_larger_than_the_image_is_painted_whole():
    image, layer = picture(size=(40, 40))
    large = add_layer(image, "large", (90, 80))
    large.set_offsets(-20, -30)
    new = paint(image, large, strength=0.0)
    assert get(new, "R'G'B'A u8") == get(large, "R'G'B'A u8") and tuple(new.get_offsets()[-2:]) == (-20, -30)


@case
def replaced_pixels_heed_the_selection():
    image, layer = picture(alpha=False)
    before = get(layer, "R'G'B' u8")
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 20, 10, 30, 20)
    paint(image, layer, style="scream", output="replace")
    after = get(layer, "R'G'B' u8")
    changed = {(i // 3 % WIDTH, i // 3 // WIDTH) for i in range(len(after)) if after[i] != before[i]}
    assert changed and all(20 <= x < 50 and 10 <= y < 30 for x, y in changed)
    assert layer.get_parasite("impasto-recipe") is not None


@case
def a_feathered_selection_blends_what_is_replaced():
    image, layer = picture(alpha=False)
    before = get(layer, "R'G'B' u8")
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 20, 10, 30, 20)
    Gimp.Selection.feather(image, 8)
    alone = paint(image, layer, style="scream", output="new-layer")
    whole, (left, top) = get(alone, "R'G'B' u8"), alone.get_offsets()[-2:]
    width = alone.get_width()
    cover = floats(get(image.get_selection(), "Y float"))
    paint(image, layer, style="scream", output="replace")
    after = get(layer, "R'G'B' u8")
    for x, y in ((35, 20), (22, 12), (18, 20), (30, 8)):
        at, share = 3 * (y * WIDTH + x), cover[y * WIDTH + x]
        assert 0 < share <= 1
        for channel in range(3):  # GIMP blends in linear light, so between the two is what can be said
            ends = sorted((before[at + channel], whole[3 * ((y - top) * width + x - left) + channel]))
            assert ends[0] - 1 <= after[at + channel] <= ends[1] + 1, (x, y, share)
            assert share < 0.99 or abs(after[at + channel] - whole[3 * ((y - top) * width + x - left) + channel]) <= 2


@case
def a_group_is_painted_as_it_looks():
    image, layer = picture()
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    image.reorder_item(layer, group, 0)
    new = paint(image, group, strength=0.0)
    assert get(new, "R'G'B'A u8") == get(group, "R'G'B'A u8") == get(layer, "R'G'B'A u8")
    assert new.get_parent() is None
    refused(image, [group], "no pixels of its own", output="replace")


@case
def a_group_that_passes_through_is_painted_too():
    image, layer = picture(alpha=False)
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    group.set_mode(Gimp.LayerMode.PASS_THROUGH)
    image.reorder_item(layer, group, 0)
    new = paint(image, group, strength=0.0)
    assert get(new, "R'G'B' u8") == get(layer, "R'G'B' u8")


@case
def inside_a_group_the_result_stays_there():
    image, layer = picture()
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    image.reorder_item(layer, group, 0)
    new = paint(image, layer, strength=0.0)
    assert new.get_parent() == group and image.get_item_position(new) == 0


@case
def what_a_layer_mask_hides_stays_hidden():
    for precision, depth in (("u8", "u8"), ("float", "float")):
        image, layer = picture(precision=precision, alpha=False)
        layer.add_mask(layer.create_mask(Gimp.AddMaskType.WHITE))
        put(layer.get_mask(), "Y float", b"\x00\x00\x00\x3f" * (WIDTH * 20), (0, 0, WIDTH, 20))
        before = get(layer, "R'G'B' u16")
        whole = paint(image, layer, strength=0.0)
        assert get(whole, "R'G'B' u16") == before == get(layer, "R'G'B' u16")
        assert get(whole.get_mask(), "Y " + depth) == get(layer.get_mask(), "Y " + depth)
        image.select_ellipse(Gimp.ChannelOps.REPLACE, 10, 5, 40, 40)
        part = paint(image, layer, strength=0.0)
        x, y = part.get_offsets()[-2:]
        area = (x, y, part.get_width(), part.get_height())
        hidden = get(layer.get_mask(), "Y float", area)
        chosen = get(image.get_selection(), "Y float", area)
        wanted = array.array("f", [a * b for a, b in zip(floats(hidden), floats(chosen), strict=True)]).tobytes()
        assert apart(get(part.get_mask(), "Y float"), wanted) < 1 / 255


@case
def masks_are_not_painted_and_opacity_is_left_alone():
    image, layer = picture()
    mask = layer.create_mask(Gimp.AddMaskType.BLACK)
    layer.add_mask(mask)
    layer.set_opacity(40)
    new = paint(image, layer, strength=0.0)
    assert get(new, "R'G'B'A u8") == get(layer, "R'G'B'A u8") and layer.get_opacity() == 40 and layer.get_mask() is not None
    refused(image, [mask], "not masks")
    channel = Gimp.Channel.new(image, "channel", WIDTH, HEIGHT, 50, Gegl.Color.new("red"))
    image.insert_channel(channel, None, 0)
    refused(image, [channel], "not masks")


@case
def effects_are_painted_too():
    image, layer = picture(alpha=False)
    layer.append_filter(Gimp.DrawableFilter.new(layer, "gegl:invert-gamma", ""))
    chosen = image.get_selected_layers()
    new = paint(image, layer, strength=0.0, output="new-layer")
    inverted, plain = get(new, "R'G'B' u8"), get(layer, "R'G'B' u8")
    assert max(abs(a + b - 255) for a, b in zip(inverted, plain, strict=True)) <= 1
    assert len(layer.get_filters()) == 1 and len(Gimp.get_images()) == 1 and chosen == [layer]


@case
def effects_that_reach_beyond_the_layer_move_nothing():
    image, layer = picture()
    put(layer, "R'G'B'A u8", bytes([200, 30, 60, 255]) * (WIDTH * HEIGHT))
    layer.append_filter(Gimp.DrawableFilter.new(layer, "gegl:dropshadow", ""))
    new = paint(image, layer, strength=0.0)
    assert (new.get_width(), new.get_height()) == (WIDTH, HEIGHT) and new.get_offsets() == layer.get_offsets()
    assert get(new, "R'G'B'A u8", (10, 10, 20, 20)) == bytes([200, 30, 60, 255]) * 400


@case
def a_group_with_effects_is_painted_with_them():
    image, layer = picture(alpha=False)
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    image.reorder_item(layer, group, 0)
    group.append_filter(Gimp.DrawableFilter.new(group, "gegl:invert-gamma", ""))
    new = paint(image, group, strength=0.0)
    assert max(abs(a + b - 255) for a, b in zip(get(new, "R'G'B' u8"), get(layer, "R'G'B' u8"), strict=True)) <= 1


@case
def pixels_under_an_effect_are_replaced_and_the_effect_stays():
    image, layer = picture(alpha=False)
    before = get(layer, "R'G'B' u8")
    layer.append_filter(Gimp.DrawableFilter.new(layer, "gegl:invert-gamma", ""))
    looked = seen(image)
    paint(image, layer, strength=0.0, output="replace")
    assert get(layer, "R'G'B' u8") == before and seen(image) == looked and len(layer.get_filters()) == 1


@case
def a_text_layer_is_painted():
    image, layer = picture(size=(200, 100))
    text = Gimp.TextLayer.new(image, "Impasto", Gimp.context_get_font(), 40, Gimp.Unit.pixel())
    image.insert_layer(text, None, 0)
    new = paint(image, text, strength=0.0)
    assert get(new, "R'G'B'A u8")[3::4] == get(text, "R'G'B'A u8")[3::4]


@case
def locked_pixels_are_not_replaced():
    image, layer = picture()
    layer.set_lock_content(True)
    refused(image, [layer], "locked", output="replace")
    paint(image, layer, strength=0.0)


@case
def a_painting_knows_what_it_was_painted_from_and_can_be_painted_anew():
    image, layer = picture()
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 8, 30, 25)
    first = paint(image, layer, style="scream")
    assert results.source_of(image, first) == layer and results.source_of(image, layer) is None
    recipe, part = results.recipe_of(first), layers.LayerRegion(image, layer, layers.paint_area(layer))
    second = results.insert(
        image, layer, part, b"".join(part.content()), paint_options.PaintOptions(recipe, outputs.NEW_LAYER), first
    )
    assert image.get_layers() == [second, first, layer] and second.get_mask() is None
    third = results.insert(image, layer, part, b"".join(part.content()), paint_options.PaintOptions(recipe, outputs.REPLACE), first)
    assert third == first and image.get_layers() == [second, first, layer] and first.get_mask() is not None
    assert get(first, "R'G'B'A u8") == get(layer, "R'G'B'A u8", (10, 8, 30, 25))
    assert results.source_of(image, first) == layer and results.recipe_of(first) == recipe


@case
def a_result_of_another_time_is_inserted_where_it_fits():
    image, layer = picture()
    layer.set_offsets(7, 5)
    part = layers.LayerRegion(image, layer, (0, 0, 30, 20))
    fits = results.insert_as_layer(image, b"".join(part.content()), "fits", (12, 9, 30, 20))
    other = results.insert_as_layer(image, b"".join(part.content()), "other", (0, 0, 31, 20))
    assert image.get_layers() == [other, fits, layer]
    assert tuple(fits.get_offsets()[-2:]) == (12, 9) and tuple(other.get_offsets()[-2:]) == ((WIDTH - 30) // 2, (HEIGHT - 20) // 2)
    assert get(fits, "R'G'B'A u8") == get(layer, "R'G'B'A u8", (0, 0, 30, 20))


@case
def a_floating_selection_is_explained():
    image, layer = picture()
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 8, 30, 25)
    floating = Gimp.Selection.float(image, [layer], 3, 3)
    done, message, _new = call(PAINT, image, [floating])
    assert not done and "floating selection" in message


run()
