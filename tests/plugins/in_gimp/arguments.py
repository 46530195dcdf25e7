"""What a script can ask for: styles and their weights, pictures, values, repeat; and what it is told when that cannot be."""

import os
import sys

from cases import LAB, PAINT, REPEAT, Gimp, add_layer, call, case, get, paint, picture, put, refused, run, save

sys.path.insert(0, os.path.join(LAB, "profile/plug-ins/impasto-neural-style"))
import pictures  # noqa: E402


def recipe(layer):
    return bytes(layer.get_parasite("impasto-recipe").get_data()).decode("utf-8")


def layer_above(image, layer):
    return image.get_layers()[image.get_item_position(layer) - 1]


@case
def several_styles_have_weights():
    image, layer = picture()
    one = get(paint(image, layer, style="scream,great-wave", style_weights="1,3"), "R'G'B' u8")
    other = get(paint(image, layer, style="scream, great-wave", style_weights="3, 1"), "R'G'B' u8")
    assert one != other
    refused(image, [layer], "2 styles but 3 weights", style="scream,great-wave", style_weights="1,2,3")
    refused(image, [layer], "'b' is none", style="scream,great-wave", style_weights="1,b")


@case
def strength_and_detail_do_something():
    image, layer = picture()
    seen = {
        get(paint(image, layer, strength=strength, detail=detail), "R'G'B' u8")
        for strength, detail in ((0.3, 0.5), (0.9, 0.5), (0.5, 0.0), (0.5, 1.0))
    }
    assert len(seen) == 4


@case
def the_result_carries_its_recipe():
    image, layer = picture()
    text = recipe(paint(image, layer, style="scream", strength=0.8))
    assert '"scream"' in text and '"strength": 0.8' in text


@case
def it_is_repeated_without_a_window():
    """With the values of the last time somebody used the window, which here was never: those that it would begin with."""
    image, layer = picture()
    done, message, new = call(REPEAT, image, [layer])
    assert done, message
    assert '"starry-night"' in recipe(new) and new == layer_above(image, layer)
    done, message, new = call(PAINT, image, [layer], run_mode=Gimp.RunMode.WITH_LAST_VALS)
    assert done and '"starry-night"' in recipe(new), message
    assert call(REPEAT, image, [])[0] is False


@case
def the_last_values_are_used():
    image, layer = picture()
    done, message, new = call(PAINT, image, [layer], run_mode=Gimp.RunMode.WITH_LAST_VALS, style="scream", strength=0.25)
    assert done, message
    done, message, new = call(REPEAT, image, [layer])
    assert done and '"strength"' not in recipe(new), message  # what a script passes along is not a user's last choice


@case
def indexed_colours_are_explained():
    image, layer = picture(alpha=False)
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, "")
    refused(image, [image.get_layers()[0]], "Image > Mode > RGB")


@case
def two_layers_are_one_too_many_and_none_too_few():
    image, layer = picture()
    refused(image, [layer, add_layer(image, "two", (20, 20))], "one layer")
    refused(image, [], "one layer")


@case
def too_little_to_paint_is_told():
    image, layer = picture()
    layer.set_offsets(40, 0)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 20, 20)
    refused(image, [layer], "outside the layer")
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 45, 5, 8, 30)
    refused(image, [layer], "too few")


@case
def the_daemons_refusals_are_shown():
    image, layer = picture()
    assert "Did you mean 'great-wave'" in refused(image, [layer], "no style 'great-waves'", style="great-waves")
    refused(image, [layer], "content_layers", content_layers="relu9_9:1")
    refused(image, [layer], "cannot be read", pictures="/nowhere/x.png")
    with open(os.path.join(LAB, "text.png"), "w") as file:
        file.write("no picture")
    refused(image, [layer], "picture", pictures=os.path.join(LAB, "text.png"))


@case
def a_picture_or_a_layer_may_be_the_style():
    """The daemon counts the styles that have arrived there: one."""
    image, layer = picture()
    file = save(image, "style ü.png")
    refused(image, [layer], "1 styles but 2", pictures=file, style_weights="1,2")
    for alpha in (True, False):
        other, style = picture("GRAY", "float", alpha)
        refused(image, [layer], "1 styles but 2", style_layer=style, style_weights="1,2")
    refused(image, [layer], "3 styles but 2 weights", style="scream", pictures=file, style_layer=layer, style_weights="1,2")


@case
def a_picture_that_gdkpixbuf_cannot_read_is_read_by_gimp():
    image, layer = picture(size=(300, 200))
    for data, alpha in (
        (pictures.file_of_layer(layer), True),
        (pictures.file_of_layer(add_layer(image, "opaque", (90, 60), False)), False),
    ):
        read = pictures._read_by_gimp(data, 64)
        assert (read.get_width(), read.get_height()) == (64, 43) and data.startswith(b"\x89PNG" if alpha else b"\xff\xd8")
    put(layer, "R'G'B'A u8", bytes([10, 90, 200, 255]) * 60000)
    assert pictures.file_of_layer(layer).startswith(b"\xff\xd8"), "nothing transparent in it"
    assert pictures._read_by_gimp(b"\x89PNG no picture", 64) is None and pictures.decoded(b"no picture", 64) is None
    assert pictures.decoded(pictures.file_of_image(image), 64) is not None and Gimp.get_images() == [image]


@case
def the_procedures_describe_themselves():
    procedure = Gimp.get_pdb().lookup_procedure(PAINT)
    assert procedure.get_blurb() and procedure.get_help() and procedure.get_menu_label()
    named = {argument.name: argument for argument in procedure.get_arguments()}
    assert all(argument.get_blurb() and argument.get_nick() for argument in named.values())
    assert named["strength"].minimum == 0 and named["strength"].maximum == 1 and named["strength"].default_value == 0.5
    assert [value.name for value in procedure.get_return_values()] == ["layer"]
    with open(os.path.join(LAB, "arguments.txt"), "w") as file:
        file.write("\n".join(named))


run()
