"""Records of predictions as columns: texts by name, numbers, segments; and rows by version."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

import msgspec
import numpy as np

from inference_exporter.truth.waiting.choices import choices_of, label_codes
from inference_exporter.truth.waiting.record import (
    OUTSIDE,
    SEGMENTS,
    Names,
    Records,
    Schema,
    times_of,
)
from inference_exporter.values.batch import Batch, Bools, Floats, NumericColumn

_NO_DELAY: Floats = np.empty(0)
_NO_ROW: Bools = np.empty(0, np.bool_)


class Columns:
    """The names behind the codes of records; `limits` are names kept per text column."""

    def __init__(self, schema: Schema, limits: Mapping[str, int]) -> None:
        self._schema, self._limits = schema, limits
        self.names = {name: Names(limit) for name, limit in limits.items()}
        self.schemas_saved = False

    def by_version(self, records: Records) -> dict[str, int]:
        """How many rows each version has."""
        if "version" not in self._schema.texts:
            return {"": len(records)} if len(records) else {}
        codes, counts = np.unique(records["version"], return_counts=True)
        names = [name or "" for name in self.names["version"].texts(codes)]
        return dict(zip(names, counts.tolist(), strict=True))

    def batch(self, records: Records, delay: Floats | None) -> Batch:
        """Joined rows as a batch: only what was kept of the predictions."""
        schema = self._schema
        texts = {name: self.of(name).texts(records[name]) for name in schema.texts}
        numbers = {name: NumericColumn(records[name].astype(np.float64)) for name in schema.numbers}
        segments = {
            name.removeprefix(SEGMENTS): texts.pop(name)
            for name in schema.texts
            if name.startswith(SEGMENTS)
        }
        actual = records["actual"]
        if schema.regression:
            numbers["actual_value"] = NumericColumn(actual.astype(np.float64))
        else:
            codes = label_codes(actual) if schema.ranking else actual
            texts["actual"] = self.of("actual").texts(codes)
        return Batch(
            rows=len(records),
            timestamp=NumericColumn(
                np.where(records["schema"] & OUTSIDE, np.nan, times_of(records))
            ),
            label_delay=None if delay is None else NumericColumn(delay),
            segments=segments,
            **choices_of(records, schema.scores),
            **texts,  # type: ignore[arg-type]  # names of columns
            **numbers,  # type: ignore[arg-type]
        )

    def joined(
        self, records: Sequence[Records], delay: Floats = _NO_DELAY, replaced: Bools = _NO_ROW
    ) -> Batch | None:
        """Joined rows of several kinds; the first have a `delay`, or their label was `replaced`."""
        if not (rows := sum(map(len, records))):
            return None
        delays, again = np.full(rows, np.nan), np.zeros(rows, np.bool_)
        delays[: len(delay)], again[: len(replaced)] = delay, replaced
        return replace(self.batch(np.concatenate(records), delays), relabelled=again)

    def of(self, column: str) -> Names:
        """The names of a column. Predicted and actual classes share theirs."""
        return self.names["prediction" if column == "actual" else column]

    def take_changes(self, schemas: tuple[Schema, ...]) -> bytes | None:
        """Names and schemas to be committed, if any is new since the last call."""
        if self.schemas_saved and not any(names.changed for names in self.names.values()):
            return None
        self.schemas_saved = True
        known = {column: names.known() for column, names in self.names.items()}
        for names in self.names.values():
            names.changed = False
        return msgspec.msgpack.encode((known, schemas))

    def restore(self, data: bytes) -> tuple[Schema, ...]:
        """Take up committed names; the schemas that were committed with them."""
        kind = tuple[dict[str, list[str]], tuple[Schema, ...]]
        schemas: tuple[Schema, ...]
        known, schemas = msgspec.msgpack.decode(data, type=kind)
        for column, limit in self._limits.items():
            kept = known.get(column, [])  # a limit that was lowered must not change what codes mean
            self.names[column] = Names(max(limit, len(kept)), kept)
            self.names[column].changed = False
        return schemas
