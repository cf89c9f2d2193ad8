"""What a sample of lines says about its configuration: fields found nowhere, odd units."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

import numpy as np

from inference_exporter.config.lines import field_paths
from inference_exporter.config.schema import DurationField, ModelConfig
from inference_exporter.formats.base import Decoded
from inference_exporter.formats.keys import paths, raw_values
from inference_exporter.values.batch import ClassScores, NumericColumn, RankedItems

_SUFFIXES = {"_ms": "ms", "_us": "us", "_ns": "ns", "_s": "s", "_seconds": "s"}
_MANY_KEYS = 40


class Seen:
    """What a sample of lines held."""

    def __init__(self, model: ModelConfig) -> None:
        self.model = model
        self.results: Counter[str] = Counter()
        self.found: Counter[str] = Counter()  # rows with a usable value, by field
        self.invalid: Counter[str] = Counter()
        self.features: Counter[str] = Counter()
        self.keys: dict[str, None] = {}

    def add(self, line: bytes, decoded: Decoded) -> None:
        """Note one line."""
        self.results.update(decoded.results)
        self.invalid.update(decoded.invalid)
        values = raw_values(self.model.format, line)
        self.keys.update(dict.fromkeys(paths(values or {})))
        batch = decoded.batch
        for name in self.model.fields.__slots__:
            column = getattr(batch, name)
            if name not in ("features", "steps") and column is not None:
                self.found[name] += _usable(column)
        for step, column in batch.steps.items():
            self.found[f"steps.{step}"] += _usable(column)
        for name, feature in batch.features.items():
            self.features[name] += _usable(
                feature if isinstance(feature, NumericColumn) else feature.values
            )
        for row in batch.raw_features or ():
            self.found["features"] += row is not None
        self.found["features"] += any(batch.features.values()) if batch.features else 0


def _usable(column: object) -> int:
    if isinstance(column, NumericColumn):
        return int((column.values == column.values).sum())
    if isinstance(column, ClassScores):
        return int((~np.isnan(column.values[:, 0])).sum())
    if isinstance(column, RankedItems):
        return int(column.listed.sum())
    assert isinstance(column, Sequence)
    return sum(value is not None for value in column)


def hints(seen: Seen) -> Iterator[str]:
    """One sentence for everything that looks wrong."""
    if not seen.results["ok"]:
        yield from _nothing(seen)
        return
    absent = list(_absent(seen))
    yield from absent
    if absent:
        keys = list(seen.keys)
        more = f" and {len(keys) - _MANY_KEYS} more" if len(keys) > _MANY_KEYS else ""
        yield f"keys found: {', '.join(keys[:_MANY_KEYS])}{more}"
    yield from _units(seen)


def _nothing(seen: Seen) -> Iterator[str]:
    if seen.results["filtered"]:
        yield "every line was left out by `when`"
    elif seen.results.total():
        yield "no line was understood: is the format right? `init` guesses it"


def _absent(seen: Seen) -> Iterator[str]:
    wanted = {key.removeprefix("fields."): p for key, p in field_paths(seen.model.fields)}
    for name, tried in wanted.items():
        if seen.invalid[name] and not seen.found[name]:
            yield f"{name}: {seen.invalid[name]} values, none usable (paths: {', '.join(tried)})"
        elif not seen.found[name]:
            yield f"{name}: in no line (paths tried: {', '.join(tried)})"
    where = seen.model.fields.features
    missing = [name for name, count in seen.features.items() if not count]
    if missing:
        yield f"features that the reference knows and no line has: {', '.join(missing)}"
    elif where is not None and not seen.features and not seen.found["features"]:
        yield f"features: in no line (paths tried: {', '.join(where.paths) or 'the line itself'})"


def _units(seen: Seen) -> Iterator[str]:
    fields = seen.model.fields
    if fields.timestamp is not None and seen.invalid["timestamp"]:
        yield "timestamp: some are no ISO 8601 text, or numbers too large for their unit"
    durations = {"latency": fields.latency} | {f"steps.{n}": f for n, f in fields.steps.items()}
    for name, field in durations.items():
        if field is not None and (unit := _named_unit(field)) not in (None, field.unit):
            yield f"{name}: read in {field.unit} from {field.paths[0]}; should unit be {unit}?"


def _named_unit(field: DurationField) -> str | None:
    return next((u for s, u in _SUFFIXES.items() if field.paths[0].endswith(s)), None)
