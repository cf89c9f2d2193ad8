"""HTML that cannot be broken by what it shows: every value is escaped unless it is HTML already."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from inference_exporter.values.samples import printable

_MARKS = (*range(0x80, 0xA0), 0x61C, 0x200B, 0x200E, 0x200F, *range(0x202A, 0x202F))
_HIDDEN = (*(code for code in range(32) if code not in (9, 10)), 127, *_MARKS)
_INVISIBLE = {
    code: f"\\u{code:04x}" for code in (*_HIDDEN, *range(0x2066, 0x206A), 0xFEFF, 0xFFFE, 0xFFFF)
}  # control characters, and those that turn the direction of the text after them


class Html(str):
    """Text that is HTML already."""

    __slots__ = ()


def text(value: object) -> Html:
    """A value as HTML text or attribute; what is HTML already stays.

    >>> text('<b title="x">')
    '&lt;b title=&quot;x&quot;&gt;'
    """
    if isinstance(value, Html):
        return value
    words = str(value)
    if not words.isprintable():
        words = printable(words).translate(_INVISIBLE)
    return Html(escape(words))


def fill(template: str, **values: object) -> Html:
    """A template of `str.format` with the values escaped.

    >>> fill("<p>{name} {link}</p>", name="a<b", link=Html("<hr>"))
    '<p>a&lt;b <hr></p>'
    """
    return Html(template.format_map({name: text(value) for name, value in values.items()}))


def join(parts: Iterable[object], between: str = "") -> Html:
    """Parts one after the other, each escaped."""
    return Html(between.join(map(text, parts)))
