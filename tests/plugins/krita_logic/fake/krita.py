"""As much of Krita as the docker needs, in memory: layers are bytes, and whatever is asked happens at once."""

import uuid

from impasto_neural_style.qt import QtCore, QtGui, QtWidgets


class DockWidget(QtWidgets.QDockWidget):
    def canvasChanged(self, canvas):
        raise NotImplementedError


class DockWidgetFactoryBase:
    DockRight = 2


class DockWidgetFactory:
    def __init__(self, name, position, widget):
        self.name, self.position, self.widget = name, position, widget


class Extension(QtCore.QObject):
    def __init__(self, _krita):
        QtCore.QObject.__init__(self)


class Node:
    """A paint layer, RGBA in 8 bits, as large as its document."""

    def __init__(self, name, document=None, type="paintlayer"):
        self._name, self.document, self._type, self.children, self.parent = name, document, type, [], None
        self.blending = ("normal", 255)
        self.id, self.data, self.space = QtCore.QUuid(f"{{{uuid.uuid4()}}}"), b"", ("RGBA", "U8", "sRGB-elle-V2-srgbtrc.icc")

    def name(self):
        return self._name

    def type(self):
        return self._type

    def uniqueId(self):
        return self.id

    def colorModel(self):
        return self.space[0]

    def colorDepth(self):
        return self.space[1]

    def colorProfile(self):
        return self.space[2]

    def setColorSpace(self, model, depth, profile):
        self.space = (model, depth, profile)  # the same numbers, which is enough here
        return True

    def parentNode(self):
        return self.parent

    def childNodes(self):
        return list(self.children)

    def bounds(self):
        return QtCore.QRect(0, 0, self.document.width(), self.document.height()) if self.data else QtCore.QRect()

    def locked(self):
        return False

    def blendingMode(self):
        return self.blending[0]

    def setBlendingMode(self, mode):
        self.blending = (mode, self.blending[1])

    def opacity(self):
        return self.blending[1]

    def setOpacity(self, opacity):
        self.blending = (self.blending[0], opacity)

    def inheritAlpha(self):
        return False

    def setInheritAlpha(self, value):
        pass

    def duplicate(self):
        other = Node(self._name, self.document, self._type)
        other.data, other.space = self.data, self.space
        return other

    def pixelData(self, x, y, width, height):
        if self.document is None or width == 16 and len(self.data) == 4 * width * height:
            return QtCore.QByteArray(self.data)
        line = 4 * self.document.width()
        rows = [self.data[row * line + 4 * x : row * line + 4 * (x + width)] for row in range(y, y + height)]
        return QtCore.QByteArray(b"".join(rows))

    projectionPixelData = pixelData

    def setPixelData(self, data, x, y, width, height):
        whole = bytearray(self.data or bytes(4 * self.document.width() * self.document.height()))
        line = 4 * self.document.width()
        for row in range(height):
            whole[(y + row) * line + 4 * x : (y + row) * line + 4 * (x + width)] = data.data()[
                4 * row * width : 4 * (row + 1) * width
            ]
        self.data = bytes(whole)

    def thumbnail(self, width, height):
        image = QtGui.QImage(width, height, QtGui.QImage.Format.Format_ARGB32)
        image.fill(0xFF336699)
        return image

    def addChildNode(self, child, above):
        child.parent = self
        self.children.insert(self.children.index(above) + 1 if above in self.children else 0, child)
        return True

    def remove(self):
        self.parent.children.remove(self)
        self.parent = None


class Document:
    def __init__(self, width=64, height=48):
        self._width, self._height, self.root, self.active = width, height, Node("root", None, "grouplayer"), None
        self.root.document, self.annotations, self.at_work = self, {}, False

    def width(self):
        return self._width

    def height(self):
        return self._height

    def rootNode(self):
        return self.root

    def topLevelNodes(self):
        return list(self.root.children)

    def activeNode(self):
        return self.active

    def setActiveNode(self, node):
        self.active = node

    def selection(self):
        return None

    def createNode(self, name, type):
        return Node(name, self, type)

    def setAnnotation(self, type, description, annotation):
        self.annotations[type] = annotation

    def annotation(self, type):
        return self.annotations.get(type, QtCore.QByteArray())

    def tryBarrierLock(self):
        return not self.at_work

    def unlock(self):
        pass

    def close(self):
        if self in Krita.instance().open:
            Krita.instance().open.remove(self)


class Notifier:
    def __init__(self):
        self.windowCreated = self

    def connect(self, handler):
        pass

    def setActive(self, value):
        pass


class Krita:
    _instance = None

    def __init__(self):
        self.open, self.factories, self.extensions, self.settings, self.notes = [], [], [], {}, Notifier()

    @classmethod
    def instance(cls):
        cls._instance = cls._instance or cls()
        return cls._instance

    def documents(self):
        return list(self.open)

    def activeDocument(self):
        return self.open[-1] if self.open else None

    def activeWindow(self):
        return None

    def action(self, name):
        return None

    def windows(self):
        return []

    def notifier(self):
        return self.notes

    def createDocument(self, width, height, name, model, depth, profile, resolution):
        return Document(width, height)

    def readSetting(self, group, name, default):
        return self.settings.get((group, name), default)

    def writeSetting(self, group, name, value):
        self.settings[group, name] = value

    def addDockWidgetFactory(self, factory):
        self.factories.append(factory)

    def addExtension(self, extension):
        self.extensions.append(extension)

    def new(self, painted=True):
        """A document with one layer; for tests."""
        document = Document()
        node = document.createNode("content", "paintlayer")
        document.root.addChildNode(node, None)
        if painted:
            node.data = bytes((x * 3 + 7) % 251 if x % 4 < 3 else 255 for x in range(4 * document.width() * document.height()))
        document.active = node
        self.open.append(document)
        return document, node
