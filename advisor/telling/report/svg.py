"""Turns Matplotlib's SVG files into elements of the page: its colours, its fonts, ids of their own, and words."""

from __future__ import annotations

import re
from dataclasses import dataclass
from xml.etree import ElementTree

# Stand-ins that Matplotlib accepts; in the SVG each becomes the style variable of that name.
INK, MUTED, RULE, WASH = "#010101", "#020202", "#030303", "#040404"
FAMILY_COLOURS = {"classical": "#050505", "neural": "#060606", "blend": "#070707", "dummy": "#080808"}
_STYLE_VARIABLES = {INK: "ink", MUTED: "muted", RULE: "rule", WASH: "wash"} | {
    stand_in: family for family, stand_in in FAMILY_COLOURS.items()
}
_NO_XML_TEXT = re.compile("[^\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_LONG_FRACTION = re.compile(r"-?\d+\.\d{3,}")
_REFERENCE = re.compile(r"url\(#([^)]+)\)|^#(.+)$")


@dataclass(frozen=True)
class Caption:
    """The words of a figure: a label for each axis, a title, and a description for those who cannot see it."""

    title: str
    description: str
    x_label: str
    y_label: str = ""


def printable(text: str) -> str:
    """Replace what XML cannot hold or what would break a label's line: control characters and halves of characters."""
    return _NO_XML_TEXT.sub("\N{REPLACEMENT CHARACTER}", text)


def for_the_page(svg: str, name: str, form: str, caption: Caption) -> str:
    """Turn Matplotlib's file into an element of an HTML page: its own ids, the page's colours and fonts, and words."""
    root = ElementTree.fromstring(svg.encode())
    elements = list(root.iter())
    referenced = {
        found for element in elements for value in element.attrib.values()
        for match in _REFERENCE.finditer(value) for found in match.groups() if found
    }  # fmt: skip
    for element in elements:
        element.tag = element.tag.rpartition("}")[2]
        element.attrib = {
            key.rpartition("}")[2]: _mended(key, value, name)
            for key, value in element.attrib.items()
            if (key != "id" or value in referenced) and not value.startswith("rotate(-0 ")
        }
        element.tail = None
        if element.tag != "text":
            element.text = None
        for child in [child for child in element if child.tag.endswith(("style", "metadata"))]:
            element.remove(child)
    root.attrib = {"viewBox": root.attrib["viewBox"], "class": f"figure {form}", "role": "img",
                   "aria-labelledby": f"{name}-title {name}-description"}  # fmt: skip
    for place, (tag, words) in enumerate((("title", caption.title), ("desc", caption.description))):
        element = ElementTree.Element(tag, {"id": f"{name}-{'description' if place else 'title'}"})
        element.text = printable(words)
        root.insert(place, element)
    return ElementTree.tostring(root, encoding="unicode")


def _mended(key: str, value: str, name: str) -> str:
    if key == "id":
        return f"{name}-{value}"
    if key.endswith("href"):
        return f"#{name}-{value[1:]}"
    if key == "style":
        value = re.sub(r"font-family: [^;]*;? ?", "", value)
        for stand_in, variable in _STYLE_VARIABLES.items():
            value = value.replace(stand_in, f"var(--{variable})")
        return value
    value = value.replace("url(#", f"url(#{name}-")
    return " ".join(_LONG_FRACTION.sub(lambda match: f"{float(match[0]):.2f}", value).split())
