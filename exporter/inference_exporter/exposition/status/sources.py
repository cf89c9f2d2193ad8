"""Snapshot -> how each source of lines stands."""

from __future__ import annotations

from inference_exporter.exposition.status.index import Index
from inference_exporter.exposition.status.numbers import Number
from inference_exporter.exposition.status.views import Labelled, SourceView, Verdict
from inference_exporter.values.status_facts import SourceState

_ME = "inference_exporter_"


def source_view(index: Index, state: SourceState) -> SourceView:
    """One source, as of the last look at it."""
    results = index.rows(f"{_ME}lines_total", state.name)
    return SourceView(
        state,
        _verdict(index, state),
        Number(index.one(f"{_ME}lag_bytes", state.name), "bytes", "unknown"),
        Number(index.one(f"{_ME}lag_seconds", state.name), "seconds", "no line with a time yet"),
        tuple(Labelled(result, Number(n, "count")) for (result,), n in results.items()),
    )


def _verdict(index: Index, state: SourceState) -> Verdict:
    if state.waiting_for:
        missing = ", ".join(state.waiting_for)
        return Verdict("bad", f"waiting for {missing}, which is not there")
    broken = [file for file in state.files if file.error]
    if broken:
        return Verdict("bad", f"{broken[0].path}: {broken[0].error}")
    if index.one(f"{_ME}source_up", state.name) == 0.0:
        return Verdict("bad", "there is no file to read")
    if index.one(f"{_ME}catching_up", state.name):
        return Verdict("warn", "catching up")
    return Verdict("ok", "reading")
