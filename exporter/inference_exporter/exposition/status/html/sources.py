"""Sources of lines as HTML: where reading stands, and what could not be read."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime

from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.exposition.status.html.parts import (
    folded,
    labelled,
    number,
    row,
    table,
    verdict,
)
from inference_exporter.exposition.status.numbers import Number
from inference_exporter.exposition.status.views import SourceView, Verdict
from inference_exporter.values.status_facts import FileState

FILES = 10  # so many are in the open

_HEADS = ("File", "Read up to", "Size", "To be read", "State")


def sources(views: Sequence[SourceView]) -> Html:
    """All sources under a heading."""
    if not views:
        return Html('<p class="absent">No source has been looked at yet.</p>')
    return join(map(_source, views), "\n")


def _source(view: SourceView) -> Html:
    parts: list[object] = [
        fill("<h3>{name}: {verdict}</h3>", name=view.state.name, verdict=verdict(view.verdict)),
        labelled(view.results),
        fill(
            "<p>Not yet read: {bytes}. Age of the newest line when it was read: {lag}.</p>",
            bytes=number(view.lag_bytes),
            lag=number(view.lag_seconds),
        ),
    ]
    files = view.state.files
    if files:
        name = f"Files of {view.state.name}"
        parts.append(table(name, _HEADS, map(_file, files[:FILES]), (1, 2, 3)))
    if len(files) > FILES:
        more = f"{len(files) - FILES} more files of {view.state.name}"
        parts.append(folded(more, table(more, _HEADS, map(_file, files[FILES:]), (1, 2, 3))))
    bad = view.state.bad_line
    if bad is not None:
        when = datetime.fromtimestamp(bad.seen, UTC).strftime("%Y-%m-%d %H:%M:%S UTC")
        parts.append(
            fill(
                "<p>Last line not understood, read at {when}: {reason}. "
                "With its values masked: <code>{excerpt}</code></p>",
                when=when,
                reason=bad.reason,
                excerpt=bad.excerpt,
            )
        )
    return join(parts, "\n")


def _file(file: FileState) -> Html:
    state = Verdict("bad", file.error) if file.error else Verdict("ok", "readable")
    path = fill("<code>{path}</code>", path=file.path)
    left = max(0, file.size - file.offset)
    return row(
        path, Number(file.offset, "bytes"), Number(file.size, "bytes"), Number(left, "bytes"),
        verdict(state),
    )  # fmt: skip
