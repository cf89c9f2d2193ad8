"""`compare`: what the exporter would say of a frame, by its own code."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from inference_exporter.backtest.record import Record
from inference_exporter.backtest.replay import prepared
from inference_exporter.config.schema import Config, ModelConfig, Window
from inference_exporter.decisions import Judgement
from inference_exporter.decisions.points import KINDS
from inference_exporter.decisions.track import Track
from inference_exporter.errors import UsageError
from inference_exporter.model.parts.decisions import DecisionsPart
from inference_exporter.notebook import columns as naming
from inference_exporter.notebook.comparison import Comparison, Finding
from inference_exporter.notebook.frames import columns_of, seconds_of
from inference_exporter.notebook.lines import in_order, lines, roles
from inference_exporter.notebook.reference import Reference
from inference_exporter.results.gauges import Gauges
from inference_exporter.values.batch import Floats
from inference_exporter.values.tally import Tally

_SOME_DAY = 1_600_000_000.0  # 2020: where the window of a frame without times is put


def compare(
    reference: Reference,
    frame: Any,
    *,
    timestamp: str | None = None,
    version: str | None = None,
    window: str | None = None,
) -> Comparison:
    """Compare a frame with a reference: distances, noise levels and verdicts of the exporter.

    With times, the frame is the log of a model: each window is decided on as it would be live, one
    after the other, the last ones as if they were complete. Without, its rows in their order are
    one window; rows that are sorted by what they are resemble their neighbours, which is told from
    drift as it is live, so shuffle them.

    Parameters
    ----------
    reference
        What is normal, and how the model is configured.
    frame
        As for `Reference.build`.
    timestamp, version
        Columns, where the configuration names others or none.
    window
        The configured window that a frame without times is, and that is shown; the longest if it
        is not given.

    Raises
    ------
    UsageError
        With what is wrong, in a sentence.
    """
    model = naming.with_columns(reference.model, timestamp, version)
    shown = _window(model, window)
    table = columns_of(frame)
    inputs, other = roles(table, model.fields)
    for name, kind in ((timestamp, "timestamp"), (version, "version")):
        if name is not None and kind not in other:
            raise UsageError(f"{kind}={name!r}: the frame has {', '.join(table)}")
    rows = max(map(len, table.values()))
    timed = "timestamp" in other
    times = np.array(seconds_of(other["timestamp"])) if timed else _spread(rows, shown.seconds)
    order = in_order(times)
    if not order:
        raise UsageError("no row has a time: name another column as timestamp, or none")
    written = naming.as_log(model, timed=True, versioned="version" in other)
    found = _replayed(reference, written, inputs, other, times, order)
    if not timed:
        found = [replace(one, end=None) for one in found if one.window == shown.name]
    sources = _sources(reference, model)
    return Comparison(
        findings=tuple(found), window=shown.name, rows=rows, untimed=rows - len(order),
        absent=tuple(sorted(sources - inputs.keys())),
        unknown=tuple(sorted(inputs.keys() - sources)),
        reference=f"{reference.profile.fingerprint}, {reference.profile.rows:,} rows",
    )  # fmt: skip


def _window(model: ModelConfig, name: str | None) -> Window:
    windows = {one.name: one for one in model.windows}
    longest = max(model.windows, key=lambda one: one.seconds)
    if name is not None and name not in windows:
        raise UsageError(f"window={name!r}: the model has {', '.join(windows)}")
    return windows[name] if name else longest


def _spread(rows: int, seconds: float) -> Floats:
    """Times that fill one window evenly."""
    start = math.ceil(_SOME_DAY / seconds) * seconds
    times: Floats = start + (np.arange(rows) + 0.5) / rows * seconds
    return times


def _sources(reference: Reference, model: ModelConfig) -> set[str]:
    """The columns that features are made of."""
    derived = model.derived
    return {derived[one].source if one in derived else one for one in reference.profile.features}


def _replayed(
    reference: Reference,
    model: ModelConfig,
    inputs: Mapping[str, Any],
    other: Mapping[str, Any],
    times: Floats,
    order: list[int],
) -> list[Finding]:
    found: list[Finding] = []
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "frame.jsonl"
        with path.open("wb") as file:
            file.writelines(lines(inputs, other, times, order))
        model = replace(model, logs=(str(path),))
        config = Config(str(path), (model,))
        record, pipeline = prepared(config, model, reference.profile)
        record.also = lambda judgement, tally: found.extend(_findings(record, judgement, tally))
        pipeline.drain()
        pipeline.close()
        record.decide_rest()
    return found


def _findings(record: Record, judgement: Judgement, tally: Tally) -> list[Finding]:
    """One for every feature and output of a window."""
    model = record.model
    window = next(one for one in model.config.windows if one.name == judgement.window)
    gauges = model.publisher.evaluator.drift_of(judgement.version, window, tally)
    part = record.model.part(DecisionsPart)
    assert part is not None  # every model has them
    track = part.decisions.tracks[judgement.version, judgement.window]
    masses = _masses(part.decisions.cells.names, track)
    found = []
    for row, (scope, name) in enumerate(judgement.subjects):
        kind, excess = masses.get(name, ("", 0.0)) if scope == "feature" else ("", 0.0)
        base = (model.config.name, judgement.version, name)
        family = f"inference_{scope}_drift"
        found.append(
            Finding(
                scope=scope,
                name=name,
                version=judgement.version,
                window=judgement.window,
                end=datetime.fromtimestamp(judgement.end, UTC),
                rows=int(judgement.evidence.rows[row]),
                distances=_by_statistic(gauges, family, base),
                noise=_by_statistic(gauges, f"{family}_critical", base),
                p_values=_by_statistic(gauges, f"{family}_p_value", base),
                verdict=_verdict(judgement, row),
                why=judgement.why_not(row),
                psi=float(judgement.evidence.distance[row]),
                limit=float(judgement.limits[row]),
                p_value=float(judgement.adjusted[row]),
                level=judgement.level,
                design_effect=float(track.design[row]),
                point_mass=kind,
                point_mass_ratio=excess,
            )
        )
    return found


def _verdict(judgement: Judgement, row: int) -> str:
    if not judgement.enough[row]:
        return "undecided"
    return "drifted" if judgement.drifted[row] else "ok"


def _by_statistic(gauges: Gauges, family: str, base: tuple[str, ...]) -> dict[str, float]:
    """Values by statistic; labels are (model, version, name, statistic, window)."""
    return {
        labels[-2]: value for labels, value in gauges.get(family, {}).items() if labels[:3] == base
    }


def _masses(names: Sequence[str], track: Track) -> dict[str, tuple[str, float]]:
    """Features with many rows at one place: of what kind, and by what share of all rows."""
    masses = track.masses
    return {
        name: (KINDS[int(masses.kind[at])], float(masses.excess[at]))
        for at, name in enumerate(names)
        if masses.enough[at] and masses.found[at]
    }
