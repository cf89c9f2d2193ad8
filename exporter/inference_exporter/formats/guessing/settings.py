"""The settings of a model beside its fields: the format, the mapping, what a preset asks for."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from inference_exporter import config
from inference_exporter.config.schema import CsvFormat, JsonFormat, LogfmtFormat, RegexFormat
from inference_exporter.formats import make_decoder
from inference_exporter.formats.guessing.choose import choose
from inference_exporter.formats.guessing.payloads import Reading
from inference_exporter.formats.guessing.probabilities import choose_scores
from inference_exporter.formats.guessing.schema_lines import Roles
from inference_exporter.formats.guessing.shape import Shape
from inference_exporter.formats.guessing.spans import steps_of
from inference_exporter.formats.guessing.yaml_text import listed, quoted, remark


def format_lines(shape: Shape) -> Iterator[str]:
    """How lines are written."""
    line = shape.line_format
    if shape.preset is not None:
        yield f"format: {shape.preset.name}  # guessed: {shape.preset.title}"
        for sentence in shape.preset.lacks:
            yield f"# Such a log lacks {sentence}."
    elif isinstance(line, JsonFormat):
        yield f"format: {'python' if line.literal else 'json'}"
    elif isinstance(line, LogfmtFormat):
        yield "format: logfmt"
    elif isinstance(line, CsvFormat):
        yield from _csv(line)
    elif isinstance(line, RegexFormat):
        yield "format: regex"
        yield f"pattern: '{line.pattern.replace(chr(39), chr(39) * 2)}'"
    if isinstance(line, JsonFormat) and line.multiline:
        yield "multiline: true"


def _csv(line: CsvFormat) -> Iterator[str]:
    if line.columns:
        yield "format: csv"
        yield f"columns: [{', '.join(map(quoted, line.columns))}]"
        if line.delimiter not in (None, ","):
            yield f"delimiter: {json.dumps(line.delimiter)}"
    else:
        yield "format: csv  # the columns and what is between them are in the first line"
    if line.quote is not None:
        yield f"quote: {json.dumps(line.quote)}  # guessed: what is around some cells"
    if line.decimal == ",":
        yield 'decimal: ","  # guessed: numbers are written 22,82'


def reading_lines(reading: Reading) -> Iterator[str]:
    """How lines become rows."""
    if reading.request is not None:
        path, asked, told = reading.request
        key = f"id: {quoted(reading.id)}" if reading.id else "by: order"
        if not reading.id:
            yield "# Requests and responses have no id in common. Here each response follows its"
            yield "# request; where two requests are open at a time they are not joined, and count"
            yield '# in inference_pairs_total{result="ambiguous"}: log an id with both.'
        yield (
            f"pairs: {{{key}, request: {{{quoted(path)}: {quoted(asked)}}},"
            f" response: {{{quoted(path)}: {quoted(told)}}}}}  # guessed: two lines a prediction"
        )
    if reading.decode:
        yield "decode:  # guessed: what is inside of values"
        for path, chain in reading.decode.items():
            yield f"  {quoted(path)}: {listed(chain)}"
    if reading.explode:
        roots = ", ".join(map(quoted, reading.explode))
        yield f"explode: [{roots}]  # guessed: an entry for every prediction of a line"


def task_lines(shape: Shape, values: Mapping[str, Sequence[object]]) -> Iterator[str]:
    """What the model predicts, where labels come later and no reference says it yet."""
    if shape.preset is None or "labels" not in shape.preset.model:
        return
    found = [one for value in values.get("prediction", ()) for one in _each(value)]
    numbers = [one for one in found if isinstance(one, float) and not one.is_integer()]
    task = "regression" if numbers else "classification"
    yield f"task: {task}  # guessed: from the predictions"


def _each(value: object) -> Sequence[object]:
    return value if isinstance(value, list) else [value]


def preset_fields(
    shape: Shape, values: Mapping[str, Sequence[object]], roles: Roles | None = None
) -> dict[str, list[str]]:
    """What the preset leaves to the user, as far as it can be told from the lines."""
    preset = shape.preset
    assert preset is not None
    fields: dict[str, list[str]] = {}
    if "fields.features.names" in preset.ask and (names := _positional(shape)):
        text = f"features: {{names: [{', '.join(names)}]}}"
        fields["features"] = [text + remark("", [preset.ask["fields.features.names"]])]
    inputs = preset.model["fields"].get("features")
    if "fields.prediction" in preset.ask and isinstance(inputs, Mapping) and "rest" in inputs:
        question = preset.ask["fields.prediction"]
        root = f"{inputs['from']}." if "from" in inputs else ""
        fields |= _of_schema(roles, values, root) if roles else _columns(values, question, root)
    if preset.model.get("records") == "otlp-traces" and (steps := steps_of(shape.rows)):
        fields["steps"] = steps
    if shape.wrapper and "timestamp" not in preset.model["fields"]:
        fields["timestamp"] = ["timestamp: $wrap.time  # the lines have no time of their own"]
    return fields


def _positional(shape: Shape) -> list[str]:
    """The names of inputs that are told by their place alone, if all are."""
    preset = shape.preset
    assert preset is not None
    text = json.dumps({"models": {"m": {"logs": ["l"], "format": preset.name, "pairs": None}}})
    (model,) = config.parse(text, "init").models
    side = "request" if "pairs" in preset.model else ""
    lines = [{side: row, "response": None} if side else row for row in shape.rows[:200]]
    block = "".join(json.dumps(line) + "\n" for line in lines).encode()
    raw = make_decoder(model, None, collect=True).decode(block).batch.raw_features or []
    names = list(dict.fromkeys(name for row in raw if row for name in row))
    return names if names and names == [f"x{i}" for i in range(len(names))] else []


def _of_schema(
    roles: Roles, values: Mapping[str, Sequence[object]], root: str
) -> dict[str, list[str]]:
    """What the schema says of the columns, which are below a path."""
    fields: dict[str, list[str]] = {}
    said = "  # as the schema says"
    if roles.features:
        only = ", ".join(map(quoted, roles.features))
        fields["features"] = [f"features: {{rest: true, only: [{only}]}}{said}"]
    for name, column in (("prediction", roles.prediction), ("actual", roles.actual)):
        if column is not None:
            fields[name] = [f"{name}: {quoted(root + column)}{said}"]
    sizes = {len(v) for v in values.get(roles.scores or "", ()) if isinstance(v, list)}
    if roles.scores is not None and len(sizes) == 1:
        classes = ", ".join(f'"{i}"' for i in range(sizes.pop()))
        text = f"scores: {{from: {quoted(root + roles.scores)}, classes: [{classes}]}}"
        fields["scores"] = [text + remark("", ["give the classes their names, in order"])]
    return fields


def _columns(
    values: Mapping[str, Sequence[object]], question: str, root: str
) -> dict[str, list[str]]:
    """Predictions and probabilities among columns at the top of the line, by name."""
    fields: dict[str, list[str]] = {}
    chosen = choose(values)
    for name in ("prediction", "score", "actual"):
        if name in chosen:
            path = quoted(root + chosen[name].paths[0])
            fields[name] = [f"{name}: {path}{remark(name, [f'is this {question}?'])}"]
    if "prediction" not in fields:
        fields["prediction"] = [f"# prediction: …  # {question}"]
    scores = choose_scores(values)
    if scores is not None:
        classes = ", ".join(map(quoted, scores.classes))
        text = f"scores: {{from: {quoted(root + scores.path)}, classes: [{classes}]}}"
        fields["scores"] = [text + remark("scores", [scores.doubt])]
    return fields
