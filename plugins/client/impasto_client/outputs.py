"""What can become of a painting."""

MASKED, NEW_LAYER, REPLACE = "masked", "new-layer", "replace"
OUTPUTS = (MASKED, NEW_LAYER, REPLACE)


def labels(_):
    """What people read: (output, label). ``_``: the editor's translation of a text."""
    return (
        (MASKED, _("New layer, masked by the selection")),
        (NEW_LAYER, _("New layer, all of it")),
        (REPLACE, _("Replace the layer's pixels")),
    )
