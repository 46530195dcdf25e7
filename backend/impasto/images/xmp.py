"""XMP: a picture's packet of RDF/XML, read with distrust and carried on, with Impasto's own recipe beside what others have written.

The packet's other properties stay as they are, but for those that are not true of the painting: which way is up, its size,
thumbnails, and what tells of further pictures in the old file.
"""

from __future__ import annotations

from collections.abc import Iterator, Sized
from xml.dom import minidom
from xml.parsers import expat

from .limits import MAX_XMP_BYTES, MAX_XMP_DEPTH, MAX_XMP_ELEMENTS

_RDF, _META, _XMLNS = "http://www.w3.org/1999/02/22-rdf-syntax-ns#", "adobe:ns:meta/", "http://www.w3.org/2000/xmlns/"
_TIFF, _EXIF, _XMP = "http://ns.adobe.com/tiff/1.0/", "http://ns.adobe.com/exif/1.0/", "http://ns.adobe.com/xap/1.0/"
_NOTE = "http://ns.adobe.com/xmp/note/"

OURS = "urn:x-impasto:1.0/"
"""The namespace of Impasto's one property."""

_RECIPE = "recipe"

_OF_FURTHER_PICTURES = (
    "http://ns.google.com/photos/1.0/container/",
    "http://ns.google.com/photos/1.0/camera/",
    "http://ns.google.com/photos/1.0/image/",
    "http://ns.google.com/photos/1.0/audio/",
    "http://ns.google.com/photos/1.0/depthmap/",
    "http://ns.google.com/photos/dd/",
    "http://ns.adobe.com/hdr-gain-map/",
    "http://ns.apple.com/HDRGainMap/",
)
"""Beginnings of namespaces whose properties say what else is in the file: gain maps, films, depth. None of it is in a result."""

_LEFT_OUT = {(_XMP, "Thumbnails"), (_NOTE, "HasExtendedXMP"), (OURS, _RECIPE)}

_BEGIN, _END = b'<?xpacket begin="\xef\xbb\xbf" id="W5M0MpCehiHzreSzNTczkc9d"?>\n', b'\n<?xpacket end="w"?>'
_EMPTY = f'<x:xmpmeta xmlns:x="{_META}"><rdf:RDF xmlns:rdf="{_RDF}"/></x:xmpmeta>'.encode()


class _NotXmp(Exception):
    """Nothing that can be carried on."""


def carried(packet: bytes, width: int, height: int) -> tuple[bytes, str]:
    """Of a ``packet`` as it stands in a file what goes on into a result of so many px, and the recipe that was in it.

    Both are empty where the packet is damaged, enormous or no XMP.
    """
    if not packet:
        return b"", ""
    try:
        document = _parsed(packet)
        recipe = _taken_out(document, width, height)
        kept = _root(document).toxml().encode() if _descriptions(document) else b""
        if kept:
            _check(kept.decode())  # a prefix whose namespace has gone may be in use somewhere deep
        return kept, recipe
    except (_NotXmp, expat.ExpatError, ValueError, RecursionError):
        return b"", ""


def packet(carried: bytes, recipe: str) -> bytes:
    """As it stands in a file: what :func:`carried` gave, and the recipe (a text, or empty). Nothing where there is neither."""
    if not recipe:
        return _BEGIN + carried + _END if carried else b""
    document = minidom.parseString(carried or _EMPTY)
    described = document.createElementNS(_RDF, "rdf:Description")
    for name, value in (("xmlns:rdf", _RDF), ("xmlns:impasto", OURS)):
        described.setAttributeNS(_XMLNS, name, value)
    described.setAttributeNS(_RDF, "rdf:about", next(_abouts(document), ""))
    said = document.createElementNS(OURS, f"impasto:{_RECIPE}")
    said.appendChild(document.createTextNode(recipe))
    described.appendChild(said)
    _rdf(document).appendChild(described)
    return _BEGIN + _root(document).toxml().encode() + _END


def _parsed(packet: bytes) -> minidom.Document:
    if len(packet) > MAX_XMP_BYTES:
        raise _NotXmp
    text = packet.decode("utf-8").lstrip("\ufeff").strip("\0 \t\r\n")
    _check(text)
    return minidom.parseString(text)


def _check(text: str) -> None:
    """Raises for what is not well-formed or names a document type, which is where entities and addresses to fetch would be, and for
    more elements and attributes than a packet has."""
    depth = count = 0

    def opened(name: str, attributes: Sized) -> None:
        nonlocal depth, count
        depth, count = depth + 1, count + 1 + len(attributes)
        if depth > MAX_XMP_DEPTH or count > MAX_XMP_ELEMENTS:
            raise _NotXmp

    def closed(name: str) -> None:
        nonlocal depth
        depth -= 1

    def refused(*_: object) -> None:
        raise _NotXmp

    parser = expat.ParserCreate(namespace_separator=" ")
    parser.StartElementHandler, parser.EndElementHandler = opened, closed
    parser.StartDoctypeDeclHandler = refused
    parser.Parse(text, True)


def _root(document: minidom.Document) -> minidom.Element:
    root = document.documentElement
    if root is None or (root.namespaceURI, root.localName) not in ((_META, "xmpmeta"), (_META, "xapmeta"), (_RDF, "RDF")):
        raise _NotXmp
    return root


def _rdf(document: minidom.Document) -> minidom.Element:
    root = _root(document)
    found = [root] if root.localName == "RDF" else [one for one in _elements(root) if _named(one) == (_RDF, "RDF")]
    if not found:
        raise _NotXmp
    return found[0]


def _elements(node: minidom.Node) -> list[minidom.Element]:
    return [child for child in node.childNodes if isinstance(child, minidom.Element)]


def _named(node: minidom.Element | minidom.Attr) -> tuple[str | None, str]:
    return node.namespaceURI, node.localName


def _descriptions(document: minidom.Document) -> list[minidom.Element]:
    return [one for one in _elements(_rdf(document)) if _named(one) == (_RDF, "Description")]


def _abouts(document: minidom.Document) -> Iterator[str]:
    """What the descriptions say they are about, which must be the same in all of them."""
    return (one.getAttributeNS(_RDF, "about") for one in _descriptions(document))


def _properties(description: minidom.Element) -> list[minidom.Element | minidom.Attr]:
    """Elements or attributes of a description."""
    nodes: list[minidom.Element | minidom.Attr] = [*_attributes(description), *_elements(description)]
    return [node for node in nodes if node.namespaceURI not in (_XMLNS, _RDF)]


def _attributes(element: minidom.Element) -> list[minidom.Attr]:
    return list(element.attributes.values())  # item() would make a list of all each time


def _taken_out(document: minidom.Document, width: int, height: int) -> str:
    """Leave out or put right what is not true of the result. The recipe that was there."""
    right = {(_TIFF, "Orientation"): 1, (_TIFF, "ImageWidth"): width, (_TIFF, "ImageLength"): height}
    right |= {(_EXIF, "PixelXDimension"): width, (_EXIF, "PixelYDimension"): height}
    recipe, parent = "", _rdf(document)
    for description in _descriptions(document):
        for node in _properties(description):
            name = _named(node)
            if name == (OURS, _RECIPE):
                recipe = recipe or _text(node)
            if name in _LEFT_OUT or str(name[0]).startswith(_OF_FURTHER_PICTURES):
                _remove(node, description)
            elif name in right:
                _set_text(document, node, str(right[name]))
        if not _properties(description):
            parent.removeChild(description)
    for element in (_root(document), parent, *_descriptions(document)):
        _without_namespaces(element)
    return recipe


def _remove(node: minidom.Element | minidom.Attr, description: minidom.Element) -> None:
    if isinstance(node, minidom.Attr):
        description.removeAttributeNode(node)
    else:
        description.removeChild(node)


def _set_text(document: minidom.Document, node: minidom.Element | minidom.Attr, text: str) -> None:
    if isinstance(node, minidom.Attr):
        node.value = text
        return
    for child in list(node.childNodes):
        node.removeChild(child)
    node.appendChild(document.createTextNode(text))


def _without_namespaces(element: minidom.Element) -> None:
    """Also the declarations, by which other programs look for gain maps."""
    for name, value in list(element.attributes.items()):
        if name.startswith("xmlns:") and value.startswith((*_OF_FURTHER_PICTURES, OURS)):
            element.removeAttribute(name)


def _text(node: minidom.Element | minidom.Attr) -> str:
    if isinstance(node, minidom.Attr):
        return node.value
    return "".join(child.data for child in node.childNodes if isinstance(child, minidom.Text))
