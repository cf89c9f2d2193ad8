"""What `init sample.log` writes: a configuration that reads the log, every guess marked.

Names decide, never values alone: `latency_ms` is milliseconds, `latency` is a question. What
cannot be told from a log (is `label` the prediction or the truth?) is said in a comment.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping, Sequence
from pathlib import PurePath

from inference_exporter import config
from inference_exporter.config.schema import CsvFormat, JsonFormat, LogfmtFormat, RegexFormat
from inference_exporter.formats import make_decoder
from inference_exporter.formats.guessing.choose import (
    Choice,
    choose,
    choose_features,
    choose_steps,
    values_by_path,
)
from inference_exporter.formats.guessing.names import NOISE
from inference_exporter.formats.guessing.probabilities import Probabilities, choose_scores
from inference_exporter.formats.guessing.shape import Shape, shape_of

_PLAIN = re.compile(r"[A-Za-z_][\w./*-]*")
_WORDS = frozenset(("true", "false", "null", "yes", "no", "on", "off", "y", "n"))
_ORDER = (
    "timestamp", "id", "version", "features", "prediction", "score", "scores", "latency", "status",
    "trace_id", "actual", "steps",
)  # fmt: skip
_NO_PAYLOAD = """\
# This log carries neither features nor predictions. It gives requests, failures and latency, but
# no drift and no accuracy: for those, let the service log one JSON line for every prediction, say
#   {"timestamp": "…Z", "request_id": "…", "model_version": "…", "features": {"age": 41},
#    "prediction": 1, "score": 0.87, "latency_ms": 12.4, "status": 200}
"""


def guess(lines: Sequence[bytes], log_path: str) -> str:
    """The text of a configuration for a log, from some of its lines."""
    shape = shape_of(lines)
    values = values_by_path(shape.rows)
    fields = _from_server(shape) if shape.access else _from_names(shape, values)
    payload = not fields.keys().isdisjoint(("features", "prediction", "scores"))
    parts = [
        "" if payload else _NO_PAYLOAD,
        *(f"# {note}\n" for note in shape.notes),
        "models:\n",
        f"  {_quoted(_model_name(values, log_path))}:\n",
        f"    logs: [{_quoted(log_path)}]\n",
        "    start_at: beginning  # also what is in the log already; else: end\n",
        *(f"    {line}\n" for line in _format(shape)),
        *(f"    {line}\n" for line in _when(values, fields)),
        "    fields:\n" if fields else "",
        *(f"      {line}\n" for key in _ORDER if key in fields for line in fields[key]),
        *(f"    {line}\n" for line in _reference("features" in fields)),
    ]
    return _checked("".join(parts), log_path, lines)


def _checked(text: str, log_path: str, lines: Sequence[bytes]) -> str:
    """The text, under a line that says how much of the sample it reads."""
    (model,) = config.parse(text, log_path).models
    block = b"".join(line.rstrip(b"\r\n") + b"\n" for line in lines)
    decoded = make_decoder(model).decode(block)
    counts = ", ".join(f"{n} {result}" for result, n in decoded.results.items()) or "none"
    return f"# Guessed by `inference-exporter init`; of {len(lines)} lines: {counts}.\n{text}"


def _format(shape: Shape) -> Iterator[str]:
    if isinstance(shape.line_format, JsonFormat):
        yield "format: json"
    elif isinstance(shape.line_format, LogfmtFormat):
        yield "format: logfmt"
    elif isinstance(shape.line_format, CsvFormat):
        yield "format: csv"
        yield f"columns: [{', '.join(map(_quoted, shape.line_format.columns))}]"
        if shape.line_format.delimiter != ",":
            yield f"delimiter: {json.dumps(shape.line_format.delimiter)}"
    elif isinstance(shape.line_format, RegexFormat):
        yield f"format: regex{f'  # guessed: {shape.access.name}' if shape.access else ''}"
        yield f"pattern: '{shape.line_format.pattern.replace(chr(39), chr(39) * 2)}'"


def _from_server(shape: Shape) -> dict[str, list[str]]:
    assert shape.access is not None
    fields = {name: [f"{name}: {text}"] for name, text in shape.access.fields.items()}
    if shape.access.steps:
        steps = [f"  {name}: {text}" for name, text in shape.access.steps.items()]
        fields["steps"] = ["steps:", *steps]
    if shape.access.note:
        key = next(iter(fields))
        fields[key] = [f"# {shape.access.note}", *fields[key]]
    return fields


def _from_names(shape: Shape, values: Mapping[str, Sequence[object]]) -> dict[str, list[str]]:
    nested = isinstance(shape.line_format, JsonFormat)
    features = choose_features(values) if nested else None
    inside = tuple(f"{path}." for path in features.paths) if features else ()
    outside = {p: found for p, found in values.items() if not inside or not p.startswith(inside)}
    chosen = choose(outside)
    fields = {name: _lines(name, choice) for name, choice in chosen.items()}
    if features is not None:
        fields["features"] = [_features_line(features)]
    elif "prediction" in chosen or "score" in chosen:
        fields |= _rest(values, chosen)
    if (scores := choose_scores(outside)) is not None:
        fields["scores"] = [_scores_line(scores)]
    if steps := choose_steps(outside):
        fields["steps"] = ["steps:", *(f"  {_lines(n, c)[-1]}" for n, c in steps.items())]
    return fields


def _lines(name: str, choice: Choice) -> list[str]:
    """The line of a field, with what is to be said about it."""
    paths = ", ".join(map(_quoted, choice.paths))
    value = f"[{paths}]" if len(choice.paths) > 1 else paths
    if choice.unit and (choice.unit != "s" or name == "latency"):
        value = f"{{from: {value}, unit: {choice.unit}}}"
    remarks = list(choice.doubts)
    if choice.others:
        remarks.append(f"also found: {', '.join(choice.others)}")
    return [f"{_quoted(name)}: {value}{_remark(name, remarks)}"]


def _remark(name: str, remarks: list[str]) -> str:
    return f"  # guessed: {'; '.join(remarks) or f'check that this is the {name}'}"


def _features_line(choice: Choice) -> str:
    path = _quoted(choice.paths[0])
    if choice.names:
        names = ", ".join(choice.names)
        return f"features: {{from: {path}, names: [{names}]}}  # guessed: {choice.doubts[0]}"
    return f"features: {path}  # guessed: check that these are the inputs of the model"


def _scores_line(found: Probabilities) -> str:
    classes = ", ".join(map(_quoted, found.classes))
    return (
        f"scores: {{from: {_quoted(found.path)}, classes: [{classes}]}}  # guessed: {found.doubt}"
    )


def _rest(
    values: Mapping[str, Sequence[object]], chosen: Mapping[str, Choice]
) -> dict[str, list[str]]:
    """Inputs that are keys of the line itself, between others."""
    used = {path.partition(".")[0] for choice in chosen.values() for path in choice.paths}
    left = [
        path
        for path in values
        if "." not in path and path not in used and path.strip() and path.isprintable()
    ]
    odd = [p for p in left if p in NOISE or p.endswith("_id") or not _is_input(values[p])]
    inputs = [path for path in left if path not in odd]
    if not inputs:
        return {}
    exclude = f", exclude: [{', '.join(map(_quoted, odd))}]" if odd else ""
    return {"features": [f"features: {{rest: true{exclude}}}  # guessed: {', '.join(inputs[:8])}"]}


def _is_input(found: Sequence[object]) -> bool:
    return all(isinstance(value, str | int | float) for value in found)


def _when(values: Mapping[str, Sequence[object]], fields: Mapping[str, object]) -> Iterator[str]:
    """What tells predictions from other lines, if anything does."""
    if "prediction" not in fields and "features" not in fields:
        return
    for path in ("event", "message", "msg", "kind", "type"):
        words = {value for value in values.get(path, ()) if isinstance(value, str)}
        if "prediction" in words and len(words) > 1:
            yield f"when: {{{path}: prediction}}  # guessed: other lines of the log are left out"
            return


def _reference(features: bool) -> Iterator[str]:
    if features:
        yield "reference: {warmup: 10000}  # or a file made by `inference-exporter reference build`"


def _model_name(values: Mapping[str, Sequence[object]], log_path: str) -> str:
    for path, found in values.items():
        names = set(map(str, found))
        if path.rpartition(".")[2] in ("model", "model_name") and len(names) == 1:
            name = names.pop()
            return name if name.isprintable() and 0 < len(name) <= 60 else "model"
    stem = PurePath(log_path).name.split(".")[0]
    return stem if re.fullmatch(r"\w[\w-]*", stem) else "model"


def _quoted(text: str) -> str:
    """Text as YAML."""
    if _PLAIN.fullmatch(text) and text.lower() not in _WORDS:
        return text
    return json.dumps(text, ensure_ascii=False) if text.isprintable() else json.dumps(text)
