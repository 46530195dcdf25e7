"""Learn this style: a painting becomes a style that paints in seconds. The training is the daemon's, and outlives the window."""

import uuid

import gi

gi.require_version("Gtk", "3.0")
from gi.repository import GObject, Gtk, Pango  # noqa: E402

from impasto_client import messages, wire  # noqa: E402
from impasto_client.job_client import DONE, FAILED, JobClient  # noqa: E402
from translation import _  # noqa: E402


def ask(parent, choices):
    """What is to be learnt, as its index in ``choices`` and a name, or None. ``choices``: pairs of a label and a name."""
    dialog = Gtk.Dialog(title=_("Learn a Style"), transient_for=parent, modal=True, resizable=False)
    dialog.add_buttons(_("_Cancel"), Gtk.ResponseType.CANCEL, _("_Learn"), Gtk.ResponseType.OK)
    dialog.set_default_response(Gtk.ResponseType.OK)
    grid = Gtk.Grid(column_spacing=12, row_spacing=6, margin=12)
    combo, name = Gtk.ComboBoxText(hexpand=True), Gtk.Entry(activates_default=True, max_length=wire.MAX_NAME_LENGTH, width_chars=34)
    for text, _name in choices:
        combo.append_text(text)
    combo.connect("changed", lambda combo: name.set_text(choices[combo.get_active()][1][: wire.MAX_NAME_LENGTH]))
    name.connect("changed", lambda name: dialog.set_response_sensitive(Gtk.ResponseType.OK, bool(name.get_text().strip())))
    for row, (text, widget) in enumerate(((_("_Painting"), combo), (_("_Name"), name))):
        label = Gtk.Label.new_with_mnemonic(text)
        label.set_xalign(0)
        label.set_mnemonic_widget(widget)
        grid.attach(label, 0, row, 1, 1)
        grid.attach(widget, 1, row, 1, 1)
    explanation = Gtk.Label(
        label=_(
            "A network learns to paint like it, which takes some minutes. You can go on working, and close this "
            "window or GIMP; the style is in the list when it has been learnt."
        ),
        xalign=0,
        wrap=True,
        max_width_chars=52,
        margin_top=6,
    )
    grid.attach(explanation, 0, 2, 2, 1)
    dialog.get_content_area().add(grid)
    combo.set_active(0)
    dialog.show_all()
    chosen = (combo.get_active(), name.get_text().strip()) if dialog.run() == Gtk.ResponseType.OK else None
    dialog.destroy()
    parent.present()  # some window managers would give GIMP's own window the keyboard
    return chosen


class TrainingBar(Gtk.Box):
    """A line about the training that runs; hidden while there is none. Signal ``ended`` (the job client)."""

    __gsignals__ = {"ended": (GObject.SignalFlags.RUN_FIRST, None, (object,))}

    def __init__(self, connection):
        Gtk.Box.__init__(self, spacing=8, no_show_all=True)
        self._connection, self._job_client = connection, None
        self._label = Gtk.Label(xalign=0, visible=True, ellipsize=Pango.EllipsizeMode.END)
        self._bar = Gtk.ProgressBar(visible=True, valign=Gtk.Align.CENTER, width_request=160)
        stop = Gtk.Button(label=_("Stop Learning"), visible=True)
        stop.connect("clicked", lambda _button: self._connection.stop(self._job_client, keep=False))
        self.pack_start(self._label, True, True, 0)
        self.pack_start(self._bar, False, False, 0)
        self.pack_start(stop, False, False, 0)

    @property
    def busy(self):
        """Whether a training is followed."""
        return self._job_client is not None

    def begin(self, name, picture):
        """Learn ``picture`` (a file's bytes) as a style called ``name``."""
        self._follow(JobClient.train(name, picture, uuid.uuid4().hex))

    def resume(self, jobs):
        """Follow the training that still runs among these jobs, as the daemon lists them, if there is one."""
        if self._job_client is None:
            running = [job for job in jobs if job["kind"] == "train" and job["state"] in ("queued", "running")]
            if running:
                self._follow(JobClient.resume(running[-1], has_picture=False))

    def _follow(self, job_client):
        self._job_client = job_client
        self._connection.run(job_client, self._job_changed)
        self._show()
        self.show()

    def _show(self):
        job = self._job_client.job
        names = ", ".join((job.get("parameters") or {}).get("name") or [])
        parts = messages.progress(job, _).split(" · ")
        if names:  # which says that it learns, too
            parts[: job.get("phase") == "learning"] = [_("Learning '{name}'").format(name=names)]
        self._label.set_text(" · ".join(parts))
        self._bar.set_fraction(job.get("fraction") or 0.0)

    def _job_changed(self, job_client):
        if job_client is not self._job_client:
            return
        if not job_client.ended:
            self._show()
            return
        self._job_client = None
        self.hide()
        self.emit("ended", job_client)


def outcome(job_client):
    """What became of a training: (sentence, whether that is an error, ids of the new styles)."""
    if job_client.state == DONE:
        return _("Learnt. The new style paints in seconds."), False, list((job_client.job.get("result") or {}).get("styles") or [])
    if job_client.state == FAILED:
        return messages.error(job_client.error, _), True, []
    return _("The training was stopped; nothing was kept of it."), False, []
