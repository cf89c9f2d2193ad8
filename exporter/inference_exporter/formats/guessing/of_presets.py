"""What a preset leaves to the user, and what is otherwise than it has it, as far as lines tell."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence

from inference_exporter.config.presets import Preset
from inference_exporter.config.schema import CsvFormat, JsonFormat
from inference_exporter.formats import make_decoder
from inference_exporter.formats.guessing.choose import choose
from inference_exporter.formats.guessing.inputs import why_left_out
from inference_exporter.formats.guessing.kinds import values_by_path
from inference_exporter.formats.guessing.named import field_lines, fields_of, rest_of
from inference_exporter.formats.guessing.preset_rows import (
    corrected,
    model_of,
    of_own_lines,
    paths_of,
)
from inference_exporter.formats.guessing.probabilities import choose_scores
from inference_exporter.formats.guessing.reading import Reading
from inference_exporter.formats.guessing.schema_lines import Roles
from inference_exporter.formats.guessing.shape import Shape
from inference_exporter.formats.guessing.spans import steps_of
from inference_exporter.formats.guessing.yaml_text import quoted, remark
from inference_exporter.formats.json_lines import parse
from inference_exporter.formats.paths import walker
from inference_exporter.formats.peeling.records import RECORDS


def preset_fields(
    shape: Shape,
    rows: Sequence[Mapping[str, object]],
    values: Mapping[str, Sequence[object]],
    roles: Roles | None = None,
) -> dict[str, list[str]]:
    """What the preset leaves to the user, as far as it can be told from the lines."""
    preset = shape.preset
    assert preset is not None
    fields = _corrected(preset, rows)
    if (
        "features" not in fields
        and "fields.features.names" in preset.ask
        and (names := _positional(shape))
    ):
        text = f"features: {{names: [{', '.join(names)}]}}"
        fields["features"] = [text + remark("", [preset.ask["fields.features.names"]])]
    inputs = preset.model["fields"].get("features")
    if "fields.prediction" in preset.ask and isinstance(inputs, Mapping) and "rest" in inputs:
        question = preset.ask["fields.prediction"]
        root = f"{inputs['from']}." if "from" in inputs else ""
        fields |= _of_schema(roles, values, root) if roles else _columns(values, question, root)
    fields |= _of_own_lines(shape)
    if preset.model.get("records") == "otlp-traces":
        fields |= {"steps": found} if (found := steps_of(shape.rows)) else {}
    elif preset.model.get("records") == "otlp-logs":
        fields |= _of_records(preset, shape)
    return fields


def takes_wrap_time(shape: Shape) -> bool:
    """Whether what the wrapper says can be the time of lines that have none."""
    if shape.preset is not None:
        return "timestamp" not in shape.preset.model["fields"]
    return not isinstance(shape.line_format, CsvFormat)


_OF_RECORDS = (
    "features", "prediction", "score", "scores", "latency", "id", "version", "steps",
)  # fmt: skip


def _of_records(preset: Preset, shape: Shape) -> dict[str, list[str]]:
    """Fields of records inside of lines that have other names than the preset looks for."""
    block = b"".join(json.dumps(row).encode() + b"\n" for row in shape.rows)
    lines = RECORDS[preset.model["records"]](block).splitlines()
    reading = Reading([row for line in lines if (row := parse(line))])
    values = values_by_path(reading.rows)
    found = fields_of(Shape(JsonFormat(), tuple(reading.rows)), reading, values)
    known = preset.model["fields"]
    return {
        name: text
        for name, text in found.fields.items()
        if name in _OF_RECORDS
        and not (name in known and any(path in values for path in paths_of(known[name])))
    }


def preset_lines(shape: Shape) -> Iterator[str]:
    """Settings of the model that are otherwise than the preset has them."""
    own = None if shape.preset is None else of_own_lines(shape.preset, shape.rows)
    if shape.preset is not None and "pairs" not in shape.preset.model and shape.preset.keys:
        key = shape.preset.keys[0]
        if any(walker((key,))(dict(row)) is None for row in shape.rows):
            yield f"when: {{{quoted(key)}: {{exists: true}}}}  # guessed: other lines are left out"
    if own is not None and _of_own_lines(shape):
        words = ", ".join(f"{key}: {json.dumps(word)}" for key, word in own[0].items())
        yield f"pairs: {{request: {{{words}}}}}  # guessed: the lines of the application"


def _of_own_lines(shape: Shape) -> dict[str, list[str]]:
    """Fields of the lines of an application, which are the requests of pairs."""
    own = None if shape.preset is None else of_own_lines(shape.preset, shape.rows)
    if own is None:
        return {}
    reading = Reading([{"request": row} for row in own[1]])
    lines = Shape(JsonFormat(), tuple(reading.rows))
    found = fields_of(lines, reading, values_by_path(reading.rows))
    wanted = ("features", "prediction", "score", "scores", "version", "actual")
    fields = {name: text for name, text in found.fields.items() if name in wanted}
    return fields if {"features", "prediction", "score", "scores"} & fields.keys() else {}


def _corrected(preset: Preset, rows: Sequence[Mapping[str, object]]) -> dict[str, list[str]]:
    """Fields that are something else than the preset takes them for."""
    fields: dict[str, list[str]] = {}
    for name, choice in corrected(preset, rows).items():
        if choice is None:
            fields[name] = [f"{name}: null  # guessed: there is none, by the values"]
        elif choice.names:
            names = ", ".join(map(quoted, choice.names))
            text = f"features: {{from: {quoted(choice.paths[0])}, names: [{names}]}}"
            fields[name] = [text + remark("", choice.doubts)]
        else:
            fields[name] = field_lines(name, choice)
    return fields


def _positional(shape: Shape) -> list[str]:
    """The names of inputs that are told by their place alone, if all are."""
    preset = shape.preset
    assert preset is not None
    model = model_of({key: one for key, one in preset.model.items() if key != "pairs"})
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
        chosen["scores"] = scores
        fields["scores"] = field_lines("scores", scores)
    found = rest_of([path for path in values if "." not in path], values, chosen)
    if found.odd:
        exclude = ", ".join(map(quoted, found.odd))
        said = remark("", [*why_left_out(found.others)])
        fields["features"] = [f"features: {{rest: true, exclude: [{exclude}]}}{said}"]
    return fields
