"""Runs inside GIMP: drives the plug-in through the procedure database on pictures of each kind. Prints a line for each case.

At strength 0 the daemon gives the picture back as it is, so the way there and back has to be exact in the layer's own precision.
"""

import struct
import sys
import traceback

import gi

gi.require_version("Gegl", "0.4")
from gi.repository import Gegl, Gimp  # noqa: E402

PAINT, REPEAT = "plug-in-impasto-neural-style", "plug-in-impasto-repeat"
BASES = {"RGB": Gimp.ImageBaseType.RGB, "GRAY": Gimp.ImageBaseType.GRAY}
P = Gimp.Precision
PRECISIONS = {"u8": P.U8_NON_LINEAR, "u8-linear": P.U8_LINEAR, "u16": P.U16_NON_LINEAR, "u16-linear": P.U16_LINEAR,
              "u32": P.U32_NON_LINEAR, "half": P.HALF_NON_LINEAR, "float": P.FLOAT_NON_LINEAR, "float-linear": P.FLOAT_LINEAR}
WIDTH, HEIGHT = 70, 50


def picture(base="RGB", precision="u8", alpha=True, size=(WIDTH, HEIGHT)):
    image = Gimp.Image.new_with_precision(size[0], size[1], BASES[base], PRECISIONS[precision])
    return image, add_layer(image, "content", size, alpha)


def add_layer(image, name, size, alpha=True, parent=None):
    grey = image.get_base_type() == Gimp.ImageBaseType.GRAY
    kinds = {(False, False): Gimp.ImageType.RGB_IMAGE, (False, True): Gimp.ImageType.RGBA_IMAGE,
             (True, False): Gimp.ImageType.GRAY_IMAGE, (True, True): Gimp.ImageType.GRAYA_IMAGE}
    layer = Gimp.Layer.new(image, name, size[0], size[1], kinds[grey, alpha], 100, Gimp.LayerMode.NORMAL)
    image.insert_layer(layer, parent, 0)
    samples = []
    for y in range(size[1]):
        for x in range(size[0]):
            samples += [(x * 37 + y * 11) % 1000 / 999, (x * 5 + y * 53) % 1000 / 999, (x + y * 7) % 1000 / 999, (x * 3 + y) % 100 / 99]
    put(layer, "R'G'B'A float", struct.pack("<%df" % len(samples), *samples))
    return layer


def put(layer, format, data):
    buffer = layer.get_buffer()
    buffer.set(Gegl.Rectangle.new(0, 0, layer.get_width(), layer.get_height()), format, data)
    buffer.flush()
    layer.update(0, 0, layer.get_width(), layer.get_height())


def get(layer, format, area=None):
    x, y, width, height = area or (0, 0, layer.get_width(), layer.get_height())
    return bytes(layer.get_buffer().get(Gegl.Rectangle.new(x, y, width, height), 1.0, format, Gegl.AbyssPolicy.NONE))


def floats(data):
    return struct.unpack("<%df" % (len(data) // 4), data)


def apart(one, other):
    return max(abs(a - b) for a, b in zip(floats(one), floats(other)))


def call(name, image, layers, **values):
    procedure = Gimp.get_pdb().lookup_procedure(name)
    config = procedure.create_config()
    config.set_property("run-mode", values.pop("run_mode", Gimp.RunMode.NONINTERACTIVE))
    config.set_property("image", image)
    config.set_core_object_array("drawables", layers)
    for option, value in values.items():
        config.set_property(option.replace("_", "-"), value)
    result = procedure.run(config)
    message = result.index(1) if result.length() > 1 else ""
    return result.index(0) == Gimp.PDBStatusType.SUCCESS, str(message or "")


def paint(image, layer, **values):
    before = len(image.get_layers())
    done, message = call(PAINT, image, [layer], **values)
    assert done, message
    if values.get("output") == "replace":
        return layer
    siblings = layer.get_parent().get_children() if layer.get_parent() else image.get_layers()
    assert layer.get_parent() or len(siblings) == before + 1, "one layer more"
    return siblings[image.get_item_position(layer) - 1]


def refused(image, layers, words, **values):
    before = len(image.get_layers())
    done, message = call(PAINT, image, layers, **values)
    assert not done and words in message, (words, message)
    assert len(image.get_layers()) == before
    return message


CASES = []


def case(function):
    CASES.append(function)
    return function


def there_and_back(base, precision, alpha):
    image, layer = picture(base, precision, alpha)
    new = paint(image, layer, strength=0.0)
    step = {"u8": 0, "u8-linear": 0, "u16": 0, "half": 0}.get(precision, 2e-6)
    assert apart(get(new, "R'G'B'A float"), get(layer, "R'G'B'A float")) <= step
    assert (new.get_width(), new.get_height(), new.has_alpha()) == (WIDTH, HEIGHT, alpha)
    assert new.get_offsets()[-2:] == layer.get_offsets()[-2:]


for base in BASES:
    for precision in PRECISIONS:
        for alpha in (True, False):
            def one(base=base, precision=precision, alpha=alpha):
                there_and_back(base, precision, alpha)
            one.__name__ = "there and back: %s %s %s" % (base, precision, "alpha" if alpha else "opaque")
            CASES.append(one)


@case
def a_painting_differs_and_keeps_alpha():
    image, layer = picture("RGB", "u16")
    new = paint(image, layer, style="great-wave")
    assert apart(get(new, "R'G'B'A float"), get(layer, "R'G'B'A float")) > 0.1
    assert get(new, "R'G'B'A u16")[6::8] == get(layer, "R'G'B'A u16")[6::8]
    assert new.get_name() == "great-wave"


@case
def colours_beyond_srgb_survive():
    image, layer = picture("RGB", "float")
    put(layer, "R'G'B'A float", struct.pack("<4f", 1.4, -0.2, 0.5, 1.0) * (WIDTH * HEIGHT))
    new = paint(image, layer, strength=0.0)
    assert apart(get(new, "R'G'B'A float"), get(layer, "R'G'B'A float")) < 1e-5


@case
def another_profile_survives_at_8_bits():
    image, layer = picture("RGB", "u8")
    image.set_color_profile(Gimp.ColorProfile.new_rgb_adobe())
    new = paint(image, layer, strength=0.0)
    assert apart(get(new, "R'G'B'A float"), get(layer, "R'G'B'A float")) < 2e-6


@case
def a_selection_bounds_and_masks_the_result():
    image, layer = picture()
    layer.set_offsets(-5, 3)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 10, 8, 30, 25)
    Gimp.Selection.feather(image, 6)
    there, x, y, width, height = layer.mask_intersect()
    new = paint(image, layer, strength=0.0)
    assert there and (new.get_width(), new.get_height()) == (width, height)
    assert tuple(new.get_offsets()[-2:]) == (x - 5, y + 3)
    wanted = get(image.get_selection(), "Y u8", (x - 5, y + 3, width, height))
    assert get(new.get_mask(), "Y u8") == wanted and 0 < min(b for b in wanted if b) < 250
    assert get(new, "R'G'B' u8") == get(layer, "R'G'B' u8", (x, y, width, height))


@case
def a_new_layer_need_not_be_masked():
    image, layer = picture()
    image.select_ellipse(Gimp.ChannelOps.REPLACE, 10, 8, 30, 25)
    assert paint(image, layer, strength=0.0, output="new-layer").get_mask() is None


@case
def replaced_pixels_heed_the_selection():
    image, layer = picture(alpha=False)
    before = get(layer, "R'G'B' u8")
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 20, 10, 30, 20)
    paint(image, layer, style="scream", output="replace")
    after = get(layer, "R'G'B' u8")
    changed = {(i // 3 % WIDTH, i // 3 // WIDTH) for i in range(len(after)) if after[i] != before[i]}
    assert changed and all(20 <= x < 50 and 10 <= y < 30 for x, y in changed)
    assert len(image.get_layers()) == 1


@case
def a_group_is_painted_as_it_looks():
    image, layer = picture()
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    image.reorder_item(layer, group, 0)
    new = paint(image, group, strength=0.0)
    assert get(new, "R'G'B'A u8") == get(group, "R'G'B'A u8")
    assert new.get_parent() is None


@case
def inside_a_group_the_result_stays_there():
    image, layer = picture()
    group = Gimp.GroupLayer.new(image, "group")
    image.insert_layer(group, None, 0)
    image.reorder_item(layer, group, 0)
    new = paint(image, layer, strength=0.0)
    assert new.get_parent() == group and image.get_item_position(new) == 0


@case
def layer_masks_and_opacity_are_left_alone():
    image, layer = picture()
    mask = layer.create_mask(Gimp.AddMaskType.BLACK)
    layer.add_mask(mask)
    layer.set_opacity(40)
    new = paint(image, layer, strength=0.0)
    assert get(new, "R'G'B'A u8") == get(layer, "R'G'B'A u8") and layer.get_opacity() == 40 and layer.get_mask() is not None
    refused(image, [mask], "not masks")


@case
def several_styles_have_weights():
    image, layer = picture()
    one = get(paint(image, layer, style="scream,great-wave", style_weights="1,3"), "R'G'B' u8")
    other = get(paint(image, layer, style="scream,great-wave", style_weights="3,1"), "R'G'B' u8")
    assert one != other
    refused(image, [layer], "2 styles but 3 weights", style="scream,great-wave", style_weights="1,2,3")
    refused(image, [layer], "numbers", style="scream,great-wave", style_weights="a,b")


@case
def the_result_carries_its_recipe():
    image, layer = picture()
    new = paint(image, layer, style="scream", strength=0.8)
    text = bytes(new.get_parasite("impasto-recipe").get_data()).decode()
    assert '"scream"' in text and '"strength": 0.8' in text


@case
def it_is_repeated_without_a_window():
    """With the values of the last time somebody used the window, which here was never: those that it would begin with."""
    image, layer = picture()
    done, message = call(REPEAT, image, [layer])
    assert done, message
    new = image.get_layers()[image.get_item_position(layer) - 1]
    assert '"starry-night"' in bytes(new.get_parasite("impasto-recipe").get_data()).decode()


@case
def indexed_colours_are_explained():
    image, layer = picture(alpha=False)
    image.convert_indexed(Gimp.ConvertDitherType.NONE, Gimp.ConvertPaletteType.GENERATE, 16, False, False, "")
    refused(image, [image.get_layers()[0]], "Image > Mode > RGB")


@case
def two_layers_are_one_too_many():
    image, layer = picture()
    refused(image, [layer, add_layer(image, "two", (20, 20))], "one layer")


@case
def a_selection_outside_the_layer_is_told():
    image, layer = picture()
    layer.set_offsets(40, 0)
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 0, 0, 20, 20)
    refused(image, [layer], "outside the layer")
    image.select_rectangle(Gimp.ChannelOps.REPLACE, 45, 5, 8, 30)
    refused(image, [layer], "too few")


@case
def the_daemons_refusals_are_shown():
    image, layer = picture()
    refused(image, [layer], "no style 'great-waves'", style="great-waves")
    assert "Did you mean 'great-wave'" in refused(image, [layer], "no style", style="great-waves")
    refused(image, [layer], "Choose a style", style="")
    refused(image, [layer], "cannot be read", style="", pictures="/nowhere/x.png")


@case
def a_picture_may_be_the_style():
    image, layer = picture()
    refused(image, [layer], "network has learnt", style="", pictures=PICTURE, method="fast")


@case
def effects_are_painted_too():
    image, layer = picture(alpha=False)
    effect = Gimp.DrawableFilter.new(layer, "gegl:invert-gamma", "")
    layer.append_filter(effect)
    new = paint(image, layer, strength=0.0)
    inverted, plain = get(new, "R'G'B' u8"), get(layer, "R'G'B' u8")
    assert max(abs(a + b - 255) for a, b in zip(inverted, plain)) <= 1
    assert len(layer.get_filters()) == 1


PICTURE = "/lab/style.png"

if __name__ == "__main__":
    Gimp.get_pdb()
    image, layer = picture()
    Gimp.file_save(Gimp.RunMode.NONINTERACTIVE, image, __import__("gi.repository.Gio").repository.Gio.File.new_for_path(PICTURE), None)
    for run in CASES:
        try:
            run()
            print("CASE OK", run.__name__)
        except Exception:
            print("CASE FAILED", run.__name__, repr(traceback.format_exc()))
        for image in Gimp.get_images():
            image.delete()
    print("ALL CASES HAVE RUN")
    sys.stdout.flush()
