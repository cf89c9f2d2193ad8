"""Reads an HTML page strictly: what it says, and what is wrong with it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset({"meta", "link", "br", "hr", "img", "input"})
FORBIDDEN = frozenset({"script", "img", "iframe", "object", "embed", "form", "link", "base"})
SHAPES = frozenset({"path", "rect", "line", "circle", "polyline"})


@dataclass
class Element:
    tag: str
    attributes: dict[str, str]
    parent: Element | None
    children: list[Element] = field(default_factory=list)
    pieces: list[str] = field(default_factory=list)

    @property
    def text(self) -> str:
        """Its words and those inside it, in order."""
        return " ".join("".join(self.pieces).split())

    def all(self, *tags: str) -> list[Element]:
        """Elements inside it with one of the tags, in document order."""
        found = [self] if self.tag in tags else []
        for child in self.children:
            found += child.all(*tags)
        return found


class _Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = self.open = Element("#page", {}, None)
        self.faults: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = Counter(name for name, _ in attrs)
        self.faults += [f"<{tag}> has {name} twice" for name, n in names.items() if n > 1]
        element = Element(tag, {name: value or "" for name, value in attrs}, self.open)
        self.open.children.append(element)
        if tag not in VOID:
            self.open = element

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if tag not in VOID:
            self.handle_endtag(tag)
        if tag not in VOID | SHAPES:
            self.faults.append(f"<{tag}/> is no empty element")

    def handle_endtag(self, tag: str) -> None:
        if self.open.tag != tag or self.open.parent is None:
            self.faults.append(f"</{tag}> where <{self.open.tag}> is open")
            return
        self.open = self.open.parent

    def handle_data(self, data: str) -> None:
        if self.open.tag == "style":
            return
        element: Element | None = self.open
        while element is not None:
            element.pieces.append(data)
            element = element.parent


def read(page: str) -> Element:
    """The page as a tree; fails on anything that is not well-formed."""
    reader = _Reader()
    reader.feed(page)
    reader.close()
    assert reader.faults == [], reader.faults
    assert reader.open is reader.root, f"<{reader.open.tag}> is never closed"
    return reader.root


def faults(page: str) -> list[str]:
    """What keeps people out, or lets something in."""
    root = read(page)
    everything = walk(root)
    return [
        *_twice([one.attributes["id"] for one in everything if "id" in one.attributes], "id"),
        *_headings([int(one.tag[1]) for one in root.all("h1", "h2", "h3", "h4")]),
        *(f"<{one.tag}> is forbidden" for one in everything if one.tag in FORBIDDEN),
        *(f"{name} on <{one.tag}>" for one in everything for name in one.attributes
          if name == "style" or name.startswith("on")),
        *(f"a link without words: {one.attributes}" for one in root.all("a") if not one.text),
        *(f"a link to {one.attributes['href']}" for one in root.all("a")
          if not one.attributes["href"].startswith(("./", "../", "?", "#", "https://"))),
        *("a table without caption" for one in root.all("table") if not one.all("caption")),
        *("a head without scope" for one in root.all("th") if "scope" not in one.attributes),
        *("a picture without words" for one in root.all("svg")
          if not one.attributes.get("aria-label") and one.attributes.get("aria-hidden") != "true"),
        *("a navigation without a name" for one in root.all("nav")
          if not one.attributes.get("aria-label")),
        *(f"{n} of <{tag}>" for tag in ("html", "head", "title", "body", "main", "h1")
          if (n := len(root.all(tag)) - sum(len(svg.all(tag)) for svg in root.all("svg"))) != 1),
        *_ragged(root),
        *([] if root.all("html")[0].attributes.get("lang") == "en" else ["no language"]),
    ]  # fmt: skip


def walk(element: Element) -> list[Element]:
    """The element and all below it, in document order."""
    return [element, *(below for child in element.children for below in walk(child))]


def _twice(values: list[str], what: str) -> list[str]:
    return [f"{what} {value} is there {n} times" for value, n in Counter(values).items() if n > 1]


def _headings(levels: list[int]) -> list[str]:
    steps = zip([0, *levels], levels, strict=False)
    return [f"h{above} is followed by h{level}" for above, level in steps if level > above + 1]


def _ragged(root: Element) -> list[str]:
    found = []
    for table in root.all("table"):
        widths = {len(line.all("th", "td")) for line in table.all("tr")}
        if len(widths) != 1:
            found.append(f"rows of {sorted(widths)} cells in {table.all('caption')[0].text}")
    return found
