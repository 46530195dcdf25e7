"""Long work in small steps, where Krita gives its interface a turn in the middle of one."""

import pytest
import scene
from impasto_neural_style import colour_spaces, incremental
from impasto_neural_style.qt import QtCore
from krita import Krita


class Steps:
    """A task of three steps, in the second of which ``nested()`` is called. ``log``: what has happened."""

    def __init__(self, nested=lambda: None):
        self.log, self.nested = [], nested
        self.task = incremental.IncrementalTask(self.work(), self.done, self.failed)

    def work(self):
        for step in range(3):
            self.log.append(f"begin {step}")
            if step == 1:
                self.nested()
            self.log.append(f"end {step}")
            yield incremental.WAIT
        return "all"

    def done(self, value):
        self.log.append(value)

    def failed(self, error):
        self.log.append(error)


def turns():
    """What Krita does within some of its functions."""
    loop = QtCore.QEventLoop()
    QtCore.QTimer.singleShot(30, loop.quit)
    loop.exec()


def test_a_task_that_is_stopped_in_its_own_step_ends_with_it():
    def nested():
        steps.task.stop()
        turns()

    steps = Steps(nested)
    scene.until(lambda: "end 1" in steps.log)
    scene.settle()
    assert steps.log == ["begin 0", "end 0", "begin 1", "end 1"]


def test_no_step_begins_within_another():
    others = []

    def nested():
        others.append(Steps())
        turns()
        assert others[0].log == []

    steps = Steps(nested)
    scene.until(lambda: others and "all" in others[0].log)
    assert steps.log[-1] == "all" and not any(isinstance(entry, Exception) for entry in steps.log)


def test_a_failure_is_told_once():
    def nested():
        raise ValueError("no")

    steps = Steps(nested)
    scene.until(lambda: any(isinstance(entry, ValueError) for entry in steps.log))
    scene.settle()
    assert len(steps.log) == 4


def test_a_converter_that_is_closed_while_it_converts_lets_its_document_go_afterwards(monkeypatch):
    source, target = (colour_spaces.Space("RGBA", depth, colour_spaces.SRGB) for depth in ("F16", "F32"))
    converter, documents = colour_spaces.Converter(Krita.instance()), []
    become = colour_spaces._become

    def closing(node, space):
        documents.append(converter._document)
        converter.close()
        assert converter._document is not None, "it is still in use"
        become(node, space)

    monkeypatch.setattr(colour_spaces, "_become", closing)
    assert converter.convert(bytes(4 * 16 * 16), 16, 16, source, target) == bytes(4 * 16 * 16)
    assert documents and converter._document is None
    with pytest.raises(RuntimeError):
        converter.convert(bytes(4 * 16 * 16), 16, 16, source, target)
