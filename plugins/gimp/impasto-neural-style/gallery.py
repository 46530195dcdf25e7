"""The styles to choose from, as pictures."""

import gi

gi.require_version("GimpUi", "3.0")
gi.require_version("Gtk", "3.0")
from gi.repository import Gdk, GimpUi, GLib, GObject, Gtk, Pango  # noqa: E402

import pictures  # noqa: E402
from impasto_client.recipe import Style  # noqa: E402
from translation import _  # noqa: E402

TILE = 84
"""Px: a side of a style's picture."""

MIN_HEIGHT = 146
"""Px: one row of them; there are more where the window is high enough."""

MAX_WEIGHTS = 4
"""Weights that are seen at once; those of more styles scroll."""

ITERATIVE = "iterative"

MAX_SHOWN = 8
"""Styles that can be mixed."""

MIN_WEIGHT = 0.05
"""The smallest weight in a mix."""


class Tile(Gtk.FlowBoxChild):
    """One style: its picture, its title, and how long it takes. The arguments are those of :meth:`Gallery.add_style`."""

    def __init__(self, style, hint, fast, own):
        Gtk.FlowBoxChild.__init__(self)
        self.style, self.hint, self.fast, self.own = style, hint, fast, own
        self.picture = Gtk.Image.new_from_icon_name("image-loading", Gtk.IconSize.DIALOG)
        self.picture.set_size_request(TILE, TILE)
        title = Gtk.Label(
            label="<small>%s</small>" % GLib.markup_escape_text(style.title),
            use_markup=True,
            wrap=True,
            lines=2,
            ellipsize=Pango.EllipsizeMode.END,
            width_chars=13,
            max_width_chars=13,
            justify=Gtk.Justification.CENTER,
        )
        self.speed = Gtk.Label()
        self.speed.get_style_context().add_class("dim-label")
        box = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, margin=3)
        for each in (self.picture, title, self.speed):
            box.pack_start(each, False, False, 0)
        self.add(box)

    def show_speed(self, iterative):
        """Say how long painting takes by the iterative method, or by the quickest."""
        time = _("in minutes") if iterative else _("in seconds") if self.fast else _("in 20 s")
        self.speed.set_markup("<small>%s</small>" % time)
        self.set_tooltip_text(self.hint(iterative))


class Gallery(Gtk.Box):
    """A click chooses a style, with Ctrl one more; where several are chosen, each has a weight.

    Signals: ``changed``; ``removed`` (a style of the user's own that she no longer wants), ``renaming`` (one that she wants to call
    otherwise).
    """

    __gsignals__ = {
        "changed": (GObject.SignalFlags.RUN_FIRST, None, ()),
        "removed": (GObject.SignalFlags.RUN_FIRST, None, (object,)),
        "renaming": (GObject.SignalFlags.RUN_FIRST, None, (object,)),
    }

    def __init__(self):
        Gtk.Box.__init__(self, orientation=Gtk.Orientation.VERTICAL, spacing=6)
        self._tiles, self._weights, self._quiet = [], {}, False
        self._iterative, self._revealed = False, None
        self._flow = Gtk.FlowBox(
            selection_mode=Gtk.SelectionMode.MULTIPLE,
            homogeneous=True,
            activate_on_single_click=False,
            min_children_per_line=3,
            max_children_per_line=8,
            row_spacing=2,
            column_spacing=2,
            margin=2,
            valign=Gtk.Align.START,
        )
        self._flow.connect("selected-children-changed", self._chosen)
        self._flow.connect("button-press-event", self._pressed)
        self._flow.connect("key-press-event", self._typed)
        scroll = Gtk.ScrolledWindow(
            hscrollbar_policy=Gtk.PolicyType.NEVER, shadow_type=Gtk.ShadowType.IN, vexpand=True, min_content_height=MIN_HEIGHT
        )
        scroll.add(self._flow)
        self._scroll = scroll
        self._flow.connect("size-allocate", lambda _flow, _allocation: self._reveal())
        self.pack_start(scroll, True, True, 0)
        self._sliders = Gtk.Box(orientation=Gtk.Orientation.VERTICAL, spacing=3)
        self._weights_scroll = Gtk.ScrolledWindow(hscrollbar_policy=Gtk.PolicyType.NEVER, overlay_scrolling=False, no_show_all=True)
        self._weights_scroll.add(self._sliders)
        self.pack_start(self._weights_scroll, False, False, 0)

    def add_style(self, style, hint, fast, own=False, at=-1):
        """One more to choose from; its picture comes later, by :meth:`picture`. ``hint(iterative)``: what is said about it by that
        method, or by another; ``fast``: whether a network has learnt it; ``own``: it can be renamed and removed."""
        child = Tile(style, hint, fast, own)
        child.show_speed(self._iterative)
        self._tiles.insert(at if at >= 0 else len(self._tiles), child)
        self._flow.insert(child, at)
        child.show_all()
        return child

    def show_method(self, method):
        """Say of each style how long painting takes by the method that is chosen."""
        if (method == ITERATIVE) != self._iterative:
            self._iterative = method == ITERATIVE
            for tile in self._tiles:
                tile.show_speed(self._iterative)

    def picture(self, child, pixbuf):
        """Show a style's picture."""
        if pixbuf is not None:
            child.picture.set_from_pixbuf(pictures.square(pixbuf, TILE))

    def clear(self):
        """Forget the list, but not the pictures that came from outside it."""
        self._remove([tile for tile in self._tiles if tile.style.id])

    def forget(self, pictures):
        """Forget some of the pictures that came from outside the list."""
        gone = [style.picture for style in pictures if not style.id]
        self._remove([tile for tile in self._tiles if not tile.style.id and tile.style.picture in gone])

    def _remove(self, tiles):
        for child in tiles:
            self._tiles.remove(child)
            self._weights.pop(child, None)
            self._flow.remove(child)

    def choose(self, styles):
        """Choose these of a recipe; pictures that are not in the list yet are added by the caller first."""
        self._quiet = True
        self._flow.unselect_all()
        for wanted in styles:
            for child in self._tiles:
                same = child.style.id == wanted.id if wanted.id else child.style.picture == wanted.picture
                if same:
                    self._weights[child] = wanted.weight
                    self._flow.select_child(child)
        self._quiet, self._revealed = False, None
        self._chosen(self._flow)
        self._reveal()

    def _reveal(self):
        """Scroll to the chosen style where it has moved, or there is less room; not else, because one may look at others."""
        selected = self._selected()
        place = selected[0].get_allocation() if selected else None
        now = (place.y, self._scroll.get_allocated_height()) if place is not None else None
        if now is None or place.height <= 1 or now == self._revealed:
            return
        self._revealed = now
        GLib.idle_add(self._scroll.get_vadjustment().clamp_page, place.y, place.y + place.height)

    def chosen(self):
        """The chosen styles with their weights, in the list's options."""
        selected = self._selected()
        several = len(selected) > 1
        return [Style(c.style.id, c.style.picture, c.style.title, self._weights.get(c, 1.0) if several else 1.0) for c in selected]

    def titles(self):
        """Id of a style -> its title."""
        return {tile.style.id: tile.style.title for tile in self._tiles if tile.style.id}

    def untrained(self):
        """The styles that no network has learnt, chosen ones first."""
        return [tile.style for tile in sorted(self._tiles, key=lambda tile: not tile.is_selected()) if not tile.fast]

    def _pressed(self, flow, event):
        child = flow.get_child_at_pos(int(event.x), int(event.y)) if event.button == Gdk.BUTTON_SECONDARY else None
        if child is not None and child.own:
            self._open_menu(child, event)
        return child is not None

    def _typed(self, flow, event):
        child = flow.get_focus_child() if event.keyval in (Gdk.KEY_Menu, Gdk.KEY_Delete) else None
        if child is not None and child.own:
            self._open_menu(child, event)
        return child is not None

    def _menu_of(self, child):
        menu = Gtk.Menu()
        for text, signal in ((_("Rename '{name}'…"), "renaming"), (_("Remove '{name}' from My Styles"), "removed")):
            item = Gtk.MenuItem(label=text.format(name=child.style.title))
            item.connect("activate", lambda _item, signal=signal: self.emit(signal, child.style))
            menu.append(item)
        return menu

    def _open_menu(self, child, event):
        menu = self._menu_of(child)
        menu.attach_to_widget(self, None)
        menu.show_all()
        if event.type == Gdk.EventType.BUTTON_PRESS:
            menu.popup_at_pointer(event)
        else:
            menu.popup_at_widget(child, Gdk.Gravity.SOUTH, Gdk.Gravity.NORTH, event)

    def _selected(self):
        return [child for child in self._tiles if child.is_selected()]

    def _chosen(self, _flow):
        if self._quiet:
            return
        selected = self._selected()
        if len(selected) > MAX_SHOWN:
            self._flow.unselect_child(selected[-1])
            return
        for child in self._sliders.get_children():
            self._sliders.remove(child)
        for child in selected if len(selected) > 1 else []:
            weight = Gtk.Adjustment(
                value=min(1.0, self._weights.get(child, 1.0)), lower=MIN_WEIGHT, upper=1.0, step_increment=0.05, page_increment=0.1
            )
            scale = GimpUi.SpinScale.new(weight, child.style.title, 2)
            scale.set_tooltip_text(_("How much this style counts in the mix."))
            weight.connect("value-changed", self._weight_changed, child)
            self._sliders.pack_start(scale, False, False, 0)
        self._sliders.show_all()
        seen = self._sliders.get_children()[:MAX_WEIGHTS]
        height = sum(scale.get_preferred_height()[0] + self._sliders.get_spacing() for scale in seen)
        self._weights_scroll.set_size_request(-1, height)
        self._weights_scroll.set_visible(len(selected) > 1)
        self.emit("changed")

    def _weight_changed(self, weight, child):
        self._weights[child] = round(weight.get_value(), 2)
        self.emit("changed")
