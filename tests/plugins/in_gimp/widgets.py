"""The parts of the window, built as the plug-in builds them: where they are at a size, and what they say and let one do."""

import json
import os
import sys
import time

from cases import LAB, PAINT, Gimp, case, picture, run

sys.path.insert(0, os.path.join(LAB, "profile/plug-ins/impasto-neural-style"))
import gi  # noqa: E402

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
import paint_options  # noqa: E402
import questions  # noqa: E402
from gi.repository import GimpUi, Gtk  # noqa: E402
from impasto_client import messages, outputs  # noqa: E402
from impasto_client.recipe import Recipe, Style  # noqa: E402
from layout import SIZE, Layout  # noqa: E402
from result_inserter import ResultInserter  # noqa: E402
from style_keeper import StyleKeeper  # noqa: E402
from styles import StyleController  # noqa: E402
from target import Target  # noqa: E402

GimpUi.init("widgets")
STYLES = [f"style-{number}" for number in range(32)]
FAST = 30
"""So many of them have been learnt."""


class Nobody:
    """A connection that answers nothing."""

    def ask(self, *_words, **_more):
        pass

    send = run = stop = ask


class Answers(Nobody):
    """A connection that answers a request to keep a style with ``status`` (0: not at all), and knows no other style."""

    def __init__(self, status):
        self.status, self.kept = status, {"id": "kept", "title": "Clouds", "fast": True, "own": True}
        self.listed, self.asked = [], []

    def connect(self, then):
        then()

    def ask(self, request, then, quietly=False):
        self.asked.append(request)
        if request.path == "/v1/styles":
            then(200, json.dumps({"styles": self.listed}).encode())
        elif request.path.endswith("/keep"):
            codes = {404: "unknown_job", 409: "conflict", 410: "gone"}
            self.listed = [self.kept] if self.status == 201 else []
            body = {"styles": self.listed} if self.listed else {"error": {"code": codes.get(self.status), "message": "No."}}
            then(self.status, json.dumps(body).encode() if self.status else b"")
        elif request.method == "PATCH":
            self.kept["title"] = "Renamed"
            then(200, json.dumps(self.kept).encode())


def until(what, within=30.0):
    """Let GTK work until something is so."""
    deadline = time.monotonic() + within
    while not what():
        assert time.monotonic() < deadline
        while Gtk.events_pending():
            Gtk.main_iteration_do(False)
        time.sleep(0.01)


def settle():
    """Let GTK work until nothing is left to be done."""
    for _ in range(20):
        while Gtk.events_pending():
            Gtk.main_iteration_do(False)
        time.sleep(0.02)


def window(width=SIZE[0], height=SIZE[1], chosen=(0,)):
    parts = Layout(Nobody(), lambda: None, lambda _job: "")
    for number, id in enumerate(STYLES):
        style = Style(id, title=f"The style {number}")
        parts.gallery.add_style(style, lambda iterative: "slow" if iterative else "", number < FAST)
    parts.gallery.choose([Style(STYLES[number]) for number in chosen])
    parts.source_row(False)
    parts.dialog.show_all()
    parts.set_running(False)
    parts.dialog.resize(width, height)
    until(lambda: tuple(parts.dialog.get_size()) == (width, height))
    settle()
    return parts


def box(widget):
    found = widget.get_allocation()
    return found.width, found.height


@case
def the_preview_grows_with_the_window():
    small, large = window(), window(1580, 960)
    (width, height), before = box(large.preview_pane), box(small.preview_pane)
    assert width > before[0] + 200 and height > before[1] + 200, (before, width, height)
    assert box(small.gallery)[0] > 400 and box(large.gallery)[0] > box(small.gallery)[0] + 100
    for parts in (small, large):
        parts.dialog.destroy()


@case
def everything_fits_at_the_size_that_it_opens_with():
    parts = window(chosen=(0, 1, 2, 3))
    parts.expander.set_expanded(True)
    settle()
    assert tuple(parts.dialog.get_size()) == SIZE
    assert len({tile.get_allocation().y for tile in parts.gallery._tiles[:4]}) == 1, "four styles in a row"
    sliders = parts.gallery._sliders.get_children()
    room = box(parts.gallery._weights_scroll)[1]
    assert len(sliders) == 4 and sum(box(slider)[1] for slider in sliders) <= room, "each weight is seen whole"
    parts.dialog.destroy()


@case
def the_remembered_style_is_seen():
    parts = window(chosen=(29,))
    tile = parts.gallery._selected()[0].get_allocation()
    place = parts.gallery._scroll.get_vadjustment()

    def seen():
        return place.get_value() <= tile.y and tile.y + tile.height <= place.get_value() + place.get_page_size()

    until(seen)
    assert tile.y > place.get_page_size(), "it was far down"
    place.set_value(0)
    parts.gallery.picture(parts.gallery._selected()[0], None)
    parts.gallery.queue_resize()
    settle()
    assert place.get_value() == 0, "who scrolls away is left there"
    parts.dialog.destroy()


@case
def tiles_say_how_long_the_chosen_method_takes():
    parts = window()
    tiles = parts.gallery._tiles

    def said():
        return {tile.speed.get_text() for tile in tiles[:FAST]}, {tile.speed.get_text() for tile in tiles[FAST:]}

    usual = said()
    assert usual == ({"in seconds"}, {"in 20 s"})
    parts.gallery.show_method("iterative")
    assert said() == ({"in minutes"}, {"in minutes"}) and tiles[0].get_tooltip_text() == "slow"
    for method in ("fast", "auto"):
        parts.gallery.show_method(method)
        assert said() == usual
    parts.dialog.destroy()


@case
def what_has_no_effect_while_it_is_painted_cannot_be_used():
    parts = window()
    without_effect = (parts.gallery, parts.from_file, parts.from_layer, parts.output, parts.front.grid, parts.expander)
    parts.set_running(True)
    assert not any(widget.is_sensitive() for widget in without_effect)
    assert parts.preview_pane.is_sensitive() and parts.recent.is_sensitive() and parts.learn.is_sensitive()
    parts.set_running(False)
    assert all(widget.is_sensitive() for widget in without_effect)
    parts.dialog.destroy()


@case
def paint_stands_out():
    def colour(button):
        style = button.get_style_context()
        found = style.get_property("background-color", style.get_state())
        return found.red, found.green, found.blue

    parts = window()
    paint, close = (colour(parts.dialog.get_widget_for_response(answer)) for answer in (1, Gtk.ResponseType.CLOSE))
    assert max(abs(one - other) for one, other in zip(paint, close, strict=True)) > 0.2, (paint, close)
    parts.dialog.destroy()


@case
def done_is_said_until_the_painting_is_taken_out():
    class Finished:
        job = {"id": "1", "notes": []}

        def __init__(self, part):
            self.result = b"".join(part.content())

    parts = window()
    image, layer = picture()
    aims, undone = Target(image, layer), []
    inserter = ResultInserter(aims, parts, Nobody(), Gimp.get_pdb().lookup_procedure(PAINT).create_config())
    inserter.undone = lambda: undone.append(True)
    part = aims.region(outputs.MASKED)
    options = paint_options.PaintOptions(Recipe([Style("scream", title="The Scream")], {"strength": 0.7}))
    inserter.insert(Finished(part), part, options)
    started = time.monotonic()
    until(lambda: time.monotonic() > started + 1.5)
    assert parts.status.get_text().startswith("Done") and not undone
    image.remove_layer(inserter.newest)
    until(lambda: parts.status.get_text() == "")
    assert undone == [True]
    parts.dialog.destroy()


def offered(status, job, recipe):
    """A window in which a painting has just been inserted, and the connection whose answer is ``status``."""
    parts, connection = window(), Answers(status)
    image, layer = picture()
    styles = StyleController(parts, connection, layer, lambda _sentence: None)
    for style in recipe.styles:
        styles._show_picture(style)
    StyleKeeper(parts, connection, styles).offer(job, recipe)
    return parts, connection


def said(parts):
    bar = parts.message_bar
    return bar._label.get_text() if bar.get_visible() else "", bar._button is not None


@case
def what_was_refined_is_offered_kept_and_chosen():
    recipe = Recipe([Style(picture=b"clouds", title="Wolken")])
    job = {"id": "1", "result": {"refined": [0]}, "parameters": {"style": ["upload:0"]}}
    parts, connection = offered(201, job, recipe)
    assert said(parts) == (messages.CAN_BE_KEPT, True)
    suggested, names = [], ["", "Clouds"]
    questions.name = lambda _parent, _title, name, _most, _yes: suggested.append(name) or names.pop(0)
    parts.message_bar.response(Gtk.ResponseType.APPLY)
    assert suggested == ["Wolken"] and not connection.asked and said(parts)[1], "who gives no name may think again"
    parts.message_bar.response(Gtk.ResponseType.APPLY)
    assert b"Clouds" in connection.asked[0].body and "Clouds" in said(parts)[0] and not said(parts)[1]
    assert [style.id for style in parts.gallery.chosen()] == ["kept"]
    assert not [tile for tile in parts.gallery._tiles if tile.style.picture], "the style has taken the picture's place"
    parts.dialog.destroy()
    parts, connection = offered(201, {"id": "2", "result": {}, "parameters": {"style": ["scream"]}}, recipe)
    assert said(parts) == ("", False)
    parts.dialog.destroy()


@case
def why_a_style_could_not_be_kept_is_said():
    for status, words, again in (
        (0, messages.KEPT_NOTHING, True),
        (404, messages.RESULT_EXPIRED, False),
        (409, messages.NO_LONGER_KEPT, False),
        (410, messages.RESULT_EXPIRED, False),
    ):
        job = {"id": "1", "result": {"refined": [0]}, "parameters": {"style": ["mine"]}}
        parts, connection = offered(status, job, Recipe([Style("mine", title="Mine")]))
        parts.message_bar.response(Gtk.ResponseType.APPLY)
        assert b"mine" in connection.asked[0].body, "a picture of the library keeps its name"
        assert said(parts) == (words, again), status
        parts.dialog.destroy()


@case
def an_own_style_is_renamed_and_stays_chosen():
    parts, connection = window(), Answers(201)
    connection.listed = [connection.kept]
    styles = StyleController(parts, connection, picture()[1], lambda _sentence: None)
    styles.choose_new(["kept"])
    suggested, names = [], ["", "Clouds", "Tower & <Sea>"]
    questions.name = lambda _parent, title, name, _most, _yes: suggested.append((title, name)) or names.pop(0)
    connection.asked.clear()
    for _ in range(3):
        (tile,) = parts.gallery._selected()
        menu = parts.gallery._menu_of(tile)
        menu.get_children()[0].activate()
    assert suggested == 3 * [("Rename 'Clouds'", "Clouds")], suggested
    renaming, listing = connection.asked[:2]
    assert (renaming.method, renaming.path, listing.path) == ("PATCH", "/v1/styles/kept", "/v1/styles"), (
        "asked once, for another name"
    )
    assert b"Tower & <Sea>" in renaming.body
    assert [(style.id, style.title) for style in parts.gallery.chosen()] == [("kept", "Renamed")]
    parts.dialog.destroy()


run()
