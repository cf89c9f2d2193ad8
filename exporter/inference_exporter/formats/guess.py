"""What `init sample.log` writes: a configuration that reads the log, every guess marked.

What a server is known to write is read by its preset. Otherwise names decide, never values alone:
`latency_ms` is milliseconds, `latency` is a question. What cannot be told from a log (is `label`
the prediction or the truth?) is said in a comment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from pathlib import PurePath

from inference_exporter import config
from inference_exporter.config.schema import CsvFormat, JsonFormat, ModelConfig
from inference_exporter.formats import make_decoder, peel_of
from inference_exporter.formats.guessing.access_messages import access_in
from inference_exporter.formats.guessing.files import no_log
from inference_exporter.formats.guessing.kinds import values_by_path
from inference_exporter.formats.guessing.named import Guess, fields_of
from inference_exporter.formats.guessing.of_presets import (
    preset_fields,
    preset_lines,
    takes_wrap_time,
)
from inference_exporter.formats.guessing.other_lines import Lines, other_lines
from inference_exporter.formats.guessing.payloads import reading_of, reading_of_cells
from inference_exporter.formats.guessing.preset_rows import preset_rows, said_of_pairs
from inference_exporter.formats.guessing.reading import Reading
from inference_exporter.formats.guessing.schema_lines import is_schema_line, roles_in
from inference_exporter.formats.guessing.settings import (
    absent,
    format_lines,
    reading_lines,
    several,
    task_lines,
    unknown,
)
from inference_exporter.formats.guessing.shape import shape_of
from inference_exporter.formats.guessing.yaml_text import quoted

_ORDER = (
    "timestamp", "id", "version", "features", "prediction", "score", "scores", "ranking", "latency",
    "status", "trace_id", "actual", "weight", "steps",
)  # fmt: skip
_NO_PAYLOAD = """\
# This log carries neither features nor predictions. It gives requests, failures and latency, but
# no drift and no accuracy: for those, let the service log one JSON line for every prediction, say
#   {"timestamp": "…Z", "request_id": "…", "model_version": "…", "features": {"age": 41},
#    "prediction": 1, "score": 0.87, "latency_ms": 12.4, "status": 200}
"""


def guess(
    lines: Sequence[bytes],
    log_path: str,
    others: Sequence[str] = (),
    *,
    batch: bool = False,
    notes: Sequence[str] = (),
    labels: Sequence[str] = (),
) -> str:
    """The text of a configuration for a log (and `others` beside it), from some of its lines.

    `batch`: its files are complete when they appear. `notes` are said at its beginning;
    `labels` are settings for labels in a file of their own.
    """
    roles = roles_in(lines)
    data = [line for line in lines if not is_schema_line(line)]
    if lines and not data:
        notes = (*notes, "a schema of BentoML's: give init the folder with its data too")
    lines = data or lines
    shape = shape_of(lines)
    reading = Reading(list(shape.rows))
    if shape.preset is None and isinstance(shape.line_format, JsonFormat):
        reading = reading_of(shape.rows, one_file=not others and not set("*?[") & set(log_path))
    elif shape.preset is None and isinstance(shape.line_format, CsvFormat):
        reading = reading_of_cells(shape.rows)
    values = values_by_path(reading.rows)
    if shape.preset:
        rows = preset_rows(shape.preset, shape.rows)
        found = Guess(preset_fields(shape, rows, values, roles))
    else:
        found = fields_of(shape, reading, values)
    alone = reading.request is None and not reading.explode
    other = other_lines(reading.rows, found.chosen, found.inputs) if alone else Lines()
    if other.rows:  # what is said of fields is said of predictions
        reading.rows = list(other.rows)
        values = values_by_path(reading.rows)
        found = fields_of(shape, reading, values)
    fields = {k: v for k, v in found.fields.items() if k != "actual" or not other.labels}
    access, settings = ({}, ()) if shape.preset else access_in(values, fields)
    fields |= access
    if shape.wrapper and "timestamp" not in fields and takes_wrap_time(shape):
        fields["timestamp"] = ["timestamp: $wrap.time  # the lines have no time of their own"]
    late = other.labels or bool(labels)
    logs = ", ".join(map(quoted, (log_path, *others)))
    head = [
        *(f"# {note}\n" for note in (*notes, *no_log(lines), *shape.notes, *several(values))),
        *([f"# {reading.note}\n"] if reading.note else []),
        *([f"# The lines are wrapped as {_WRAPPERS[shape.wrapper]}.\n"] if shape.wrapper else []),
        "models:\n",
        f"  {quoted(_model_name(values, log_path))}:\n",
        f"    logs: [{logs}]\n",
        "    start_at: beginning  # also what is in the log already; else: end\n",
        *(["    source: batch  # guessed: files that are complete when they appear\n"] * batch),
        *(f"    {line}\n" for line in format_lines(shape)),
        *(f"    {line}\n" for line in preset_lines(shape)),
        *(f"    {line}\n" for line in reading_lines(reading)),
        *(
            f"    {line}\n"
            for line in task_lines(shape, reading, values, found.chosen, late, fields)
        ),
        *(f"    {line}\n" for line in (*settings, *other.settings)),
        *(f"    {line}\n" for line in (() if other.labels else labels)),
    ]
    body = [
        "    fields:\n" if fields else "",
        *(f"      {line}\n" for key in _ORDER if key in fields for line in fields[key]),
        *(f"      {line}\n" for line in (() if shape.preset else absent(values, fields))),
        *(f"    {line}\n" for line in (() if shape.preset else unknown(values, fields))),
    ]
    return _checked("".join(head), "".join(body), log_path, lines)


_WRAPPERS = {"cri": "Kubernetes does (CRI)", "docker": "Docker's json-file driver does"}


def _checked(head: str, body: str, log_path: str, lines: Sequence[bytes]) -> str:
    """The text, under a line that says how much of the sample it reads, and what it lacks."""
    text = head + body
    (model,) = config.parse(text, log_path).models
    if model.fields.features is not None:
        text += "    reference: {warmup: 10000}  # or a file made by `reference build`\n"
        (model,) = config.parse(text, log_path).models
    block = b"".join(line.rstrip(b"\r\n") + b"\n" for line in lines)
    payload = model.fields.features is not None or model.fields.predicts
    return f"{_said(model, block, len(lines))}{'' if payload else _NO_PAYLOAD}{text}"


def _said(model: ModelConfig, block: bytes, count: int) -> str:
    peeled = peel_of(model)(block, arrays=True)
    if model.pairs is not None:
        halves = said_of_pairs(model, peeled)
        return f"# Guessed by `inference-exporter init` from {count} lines; {halves}\n"
    decoded = make_decoder(model).decode(block)
    counts = ", ".join(f"{n} {result}" for result, n in decoded.results.items()) or "none"
    rows = f", {decoded.batch.rows} predictions" if model.explode else ""
    inside = "" if peeled.count(b"\n") == count else f" ({peeled.count(bytes([10]))} inside)"
    return f"# Guessed by `inference-exporter init`; of {count} lines{inside}: {counts}{rows}.\n"


def _model_name(values: Mapping[str, Sequence[object]], log_path: str) -> str:
    for path, found in values.items():
        names = {str(one) for one in found if isinstance(one, str | int)}
        if path.rpartition(".")[2] in ("model", "model_name") and len(names) == 1:
            name = names.pop()
            return name if name.isprintable() and 0 < len(name) <= 60 else "model"
    plain = [part for part in PurePath(log_path).parts if "*" not in part]
    stem = plain[-1].split(".")[0] if plain else ""
    fine = re.fullmatch(r"\w[\w-]*", stem) and sum(map(str.isdigit, stem)) < _DATE
    return stem if fine else "model"


_DATE = 6  # digits: names of files that have a date or an identifier in them name no model
