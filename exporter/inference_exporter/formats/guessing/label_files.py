"""Files of labels beside a log: an identity and the truth, and nothing that was predicted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import PurePath

from inference_exporter.config.schema import CsvFormat, JsonFormat
from inference_exporter.formats.guessing.choose import choose
from inference_exporter.formats.guessing.inputs import choose_features
from inference_exporter.formats.guessing.kinds import values_by_path
from inference_exporter.formats.guessing.shape import shape_of
from inference_exporter.formats.guessing.yaml_text import quoted

_ANSWERS = ("prediction", "score", "latency", "status")
_LABELS = re.compile("label|truth|feedback|actual|outcome", re.IGNORECASE)
_TRUTH = "groundTruthData"  # of SageMaker: by invocation and row


def labels_of(path: str, lines: Sequence[bytes]) -> tuple[str, ...]:
    """The settings under `labels` for a file of labels, as YAML lines; none for any other file."""
    shape = shape_of(lines)
    if shape.preset is not None or not isinstance(shape.line_format, JsonFormat | CsvFormat):
        return ()
    values = values_by_path(shape.rows)
    head: tuple[str, ...] = (
        "labels:  # guessed: the truth comes later, in a file of its own",
        f"  logs: [{quoted(path)}]",
    )
    if _TRUTH in values and "eventMetadata.eventId" in values:
        return (
            *head,
            f"  decode: {{{_TRUTH}: [encoded, rows]}}",
            f"  explode: [{_TRUTH}]",
            "  id: eventMetadata.eventId",
            f'  actual: "{_TRUTH}[0]"',
        )
    chosen = choose(values)
    if "actual" not in chosen and "prediction" in chosen and _LABELS.search(PurePath(path).stem):
        chosen["actual"] = chosen.pop("prediction")  # its file says that it is the truth
    if not {"id", "actual"} <= chosen.keys() or set(_ANSWERS) & chosen.keys():
        return ()
    if isinstance(shape.line_format, JsonFormat) and choose_features(values) is not None:
        return ()
    if isinstance(shape.line_format, CsvFormat):
        head = (*head, "  format: csv")
    body = [f"  {name}: {quoted(chosen[name].paths[0])}" for name in ("id", "actual")]
    time = chosen.get("timestamp")
    if time is not None and time.convert is None:
        unit = f", unit: {time.unit}" if time.unit not in (None, "s") else ""
        body.append(f"  timestamp: {{from: {quoted(time.paths[0])}{unit}}}")
    return (*head, *body)
