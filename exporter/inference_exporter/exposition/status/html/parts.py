"""Pieces that all pages are made of: numbers, lists of figures, tables, notices."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.exposition.status.html.timeline import moment
from inference_exporter.exposition.status.numbers import Number, write
from inference_exporter.exposition.status.selection import model_path
from inference_exporter.exposition.status.views import Labelled, Level, Notice, Verdict

SIGNS: dict[Level, str] = {"bad": "▲", "warn": "◆", "ok": "✓", "unknown": "○"}
NO_VERSION = "(no version logged)"


def number(shown: Number) -> Html:
    """A value with its exact self in the tooltip, or why there is none."""
    if shown.value is None:
        return fill('<span class="absent">{why}</span>', why=shown.why or "none")
    return fill(
        '<data value="{exact}" title="{exact}">{words}</data>',
        exact=repr(shown.value),
        words=write(shown.value, shown.unit),
    )


def verdict(shown: Verdict) -> Html:
    """A sign and words: colour is never the only difference."""
    return fill(
        '<span class="{level}"><b aria-hidden="true">{sign}</b> {words}</span>',
        level=shown.level,
        sign=SIGNS[shown.level],
        words=shown.words,
    )


def when(seconds: float) -> Html:
    """A time that stays in one line."""
    return fill("<time>{words}</time>", words=moment(seconds))


def figures(pairs: Iterable[tuple[str, object]]) -> Html:
    """Named values side by side."""
    items = [fill("<div><dt>{n}</dt><dd>{v}</dd></div>", n=name, v=v) for name, v in pairs]
    return fill("<dl>{items}</dl>", items=join(items, "\n"))


def labelled(ones: Iterable[Labelled]) -> Html:
    """Named numbers side by side."""
    return figures((one.name, number(one.number)) for one in ones)


def table(
    caption: str, heads: Sequence[str], rows: Iterable[Html], numeric: Sequence[int] = ()
) -> Html:
    """A table that scrolls by itself where the screen is narrow, by keyboard too."""
    cells = [
        fill('<th scope="col"{n}>{h}</th>', n=Html(' class="n"' if at in numeric else ""), h=head)
        for at, head in enumerate(heads)
    ]
    return fill(
        '<div class="scroll" role="region" tabindex="0" aria-label="{caption}"><table>'
        "<caption>{caption}</caption>\n"
        "<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody></table></div>",
        caption=caption,
        head=join(cells),
        body=join(rows, "\n"),
    )


def row(head: object, *cells: object) -> Html:
    """A row: its head, then numbers (right) and everything else (left)."""
    body = [
        fill('<td class="n">{c}</td>', c=number(cell))
        if isinstance(cell, Number)
        else fill("<td>{c}</td>", c=cell)
        for cell in cells
    ]
    return fill('<tr><th scope="row">{head}</th>{body}</tr>', head=head, body=join(body))


def folded(summary: str, content: Html) -> Html:
    """Something to open by choice; works without scripts."""
    return fill(
        "<details><summary>{summary}</summary>\n{content}\n</details>",
        summary=summary,
        content=content,
    )


def notices(said: Sequence[Notice], root: str, *, link: bool) -> Html:
    """What needs attention, or that nothing does."""
    items = [_notice(one, root, link=link) for one in said]
    if not items:
        items = [
            fill(
                '<li class="ok"><b aria-hidden="true">{sign}</b> {words}</li>',
                sign=SIGNS["ok"],
                words="Nothing needs attention.",
            )
        ]
    return fill('<ul class="notices">\n{items}\n</ul>', items=join(items, "\n"))


def link(address: str, words: object) -> Html:
    """A link; the words are the caller's, and escaped."""
    return fill('<a href="{address}">{words}</a>', address=address, words=words)


def choices(name: str, links: Iterable[tuple[str, str, bool]]) -> Html:
    """Links to choose from: address, words, and whether it is chosen now."""
    items = [
        fill(
            '<li><a href="{address}"{now}>{words}</a></li>',
            address=address,
            words=words,
            now=Html(' aria-current="true"' if chosen else ""),
        )
        for address, words, chosen in links
    ]
    return fill(
        '<nav aria-label="{name}"><ul class="row"><li class="muted">{name}:</li>{items}</ul></nav>',
        name=name,
        items=join(items, "\n"),
    )


def version_name(version: str) -> str:
    """The version, or words where the log has none."""
    return version or NO_VERSION


def _notice(one: Notice, root: str, *, link: bool) -> Html:
    where: object = ""
    if link and one.model:
        where = fill('<a href="{a}">{m}</a>: ', a=root + model_path(one.model), m=one.model)
    return fill(
        '<li class="{level}"><b aria-hidden="true">{sign}</b> {where}{words}</li>',
        level=one.level,
        sign=SIGNS[one.level],
        where=where,
        words=one.words,
    )
