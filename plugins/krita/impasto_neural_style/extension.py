"""What is registered with Krita when it starts: the docker, and the actions that shortcuts can be given to."""

from krita import DockWidgetFactory, DockWidgetFactoryBase, Extension, Krita

from .docker import NeuralStyle
from .translation import _

DOCKER = "impasto_neural_style"
MENU = "tools/scripts"


class Actions(Extension):
    """Apply, repeat the last, stop and keep; see actions/impasto_neural_style.action."""

    def setup(self):
        pass

    def createActions(self, window):
        """Called by Krita for each of its windows."""
        for name, text, act in (
            ("impasto_apply", _("Neural Style: apply"), NeuralStyle.apply),
            ("impasto_repeat", _("Neural Style: repeat the last"), NeuralStyle.repeat),
            ("impasto_keep", _("Neural Style: stop and keep"), NeuralStyle.keep),
            ("impasto_discard", _("Neural Style: discard"), NeuralStyle.discard),
        ):
            action = window.createAction(name, text, MENU)
            action.triggered.connect(lambda _checked=False, act=act: self._on_docker(act))
        action = window.createAction("impasto_show", _("Neural Style: show the docker"), MENU)
        action.triggered.connect(lambda _checked=False: self._show())

    def _docker(self):
        window = Krita.instance().activeWindow()  # the one of createActions is a passing thing
        return window.qwindow().findChild(NeuralStyle, DOCKER) if window is not None else None

    def _on_docker(self, act):
        docker = self._docker()
        if docker is not None:
            docker.model.open()
            act(docker)

    def _show(self):
        docker = self._docker()
        if docker is not None:
            docker.show()
            docker.raise_()


def register(krita):
    """Tell Krita."""
    position = getattr(DockWidgetFactoryBase, "DockPosition", DockWidgetFactoryBase).DockRight
    krita.addDockWidgetFactory(DockWidgetFactory(DOCKER, position, NeuralStyle))
    krita.addExtension(Actions(krita))
