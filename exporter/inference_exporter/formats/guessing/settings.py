"""The settings of a model beside its fields: the format, the mapping, what a preset asks for."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping, Sequence

from inference_exporter import config
from inference_exporter.config.presets import Preset
from inference_exporter.config.schema import CsvFormat, JsonFormat, LogfmtFormat, RegexFormat
from inference_exporter.formats import make_decoder
from inference_exporter.formats.guessing.choose import (
    Choice,
    are_prose,
    by_name,
    choose,
    values_by_path,
)
from inference_exporter.formats.guessing.inputs import why_left_out
from inference_exporter.formats.guessing.named import field_lines, fields_of, rest_of
from inference_exporter.formats.guessing.names import NAMES
from inference_exporter.formats.guessing.payloads import Reading
from inference_exporter.formats.guessing.preset_rows import (
    corrected,
    of_own_lines,
    paths_of,
    predicted,
    preset_rows,
)
from inference_exporter.formats.guessing.probabilities import choose_scores
from inference_exporter.formats.guessing.schema_lines import Roles
from inference_exporter.formats.guessing.shape import Shape
from inference_exporter.formats.guessing.yaml_text import quoted, remark
from inference_exporter.formats.json_lines import parse
from inference_exporter.formats.paths import walker
from inference_exporter.formats.peeling.records import RECORDS
from inference_exporter.values.numeric import numeric_column


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
    if line.decimal == ",":
        yield 'decimal: ","  # guessed: numbers are written 22,82'


def reading_lines(reading: Reading) -> Iterator[str]:
    """How lines become rows."""
    if reading.request is not None:
        asked, told = reading.request
        yield (
            f"pairs: {{id: {quoted(reading.id)}, request: {asked},"
            f" response: {told}}}  # guessed: two lines a prediction"
        )
    if reading.decode:
        yield "decode:  # guessed: what is inside of values"
        for path, chain in reading.decode.items():
            steps = ", ".join(chain)
            yield f"  {quoted(path)}: {steps if len(chain) == 1 else f'[{steps}]'}"
    if reading.explode:
        roots = ", ".join(map(quoted, reading.explode))
        yield f"explode: [{roots}]  # guessed: an entry for every prediction of a line"


def task_lines(
    shape: Shape,
    reading: Reading,
    values: Mapping[str, Sequence[object]],
    chosen: Mapping[str, Choice],
    late: bool,
    fields: Container[str],
) -> Iterator[str]:
    """What the model predicts, where no reference says it yet and it must be known.

    Numbers that are no classes would be thousands of them, and labels that come later are compared
    with predictions at once.
    """
    late = late or (shape.preset is not None and "labels" in shape.preset.model)
    found = _predicted(shape, reading, values, chosen)
    classes = "scores" in fields or "ranking" in fields
    if not classes and _are_amounts(found):
        yield "task: regression  # guessed: the predictions are numbers"
    elif late:
        yield "task: classification  # guessed: from the predictions"


def _predicted(
    shape: Shape,
    reading: Reading,
    values: Mapping[str, Sequence[object]],
    chosen: Mapping[str, Choice],
) -> list[object]:
    """The predictions of the sample."""
    if shape.preset is not None:
        rows = preset_rows(shape.preset, shape.rows)
        found = predicted(shape.preset, rows, corrected(shape.preset, rows))
        logged = found or values.get("prediction", ())
        return [one for v in logged for one in (v if isinstance(v, list) else [v])]
    if "prediction" not in chosen:
        return []
    path = chosen["prediction"].paths[0]
    for root in reading.explode:
        if path == root or path.startswith((f"{root}.", f"{root}[")):
            entries = [row[root] for row in reading.rows if row.get(root) is not None]
            inner = path.removeprefix(root).removeprefix(".")
            find = walker((inner,)) if inner else lambda entry: entry
            return [one for entry in entries if (one := find(entry)) is not None]
    find = walker((path,))
    return [one for row in reading.rows if (one := find(dict(row))) is not None]


_CLASSES = 20  # whole numbers of which there are more are rather amounts


def _are_amounts(found: Sequence[object]) -> bool:
    """Whether predictions are numbers on a scale, and not classes."""
    plain = [one for one in found if isinstance(one, str | int | float)]
    if not plain or len(plain) < len(found) or any(isinstance(one, bool) for one in plain):
        return False
    numbers = numeric_column(plain)
    if numbers.invalid is not None:
        return False
    distinct = set(numbers.values.tolist())
    whole = all(number.is_integer() for number in distinct)
    return not whole or (len(distinct) > _CLASSES and len(distinct) * 2 > len(plain))


def absent(values: Mapping[str, Sequence[object]], fields: Mapping[str, object]) -> Iterator[str]:
    """What predictions have and this log seems not to have, for the reader to fill in."""
    if not {"prediction", "scores", "score", "ranking", "features"} & fields.keys():
        return
    if "timestamp" not in fields:
        said = "no key looks like a time: without it, it is the time of reading"
        if "date" in values and "time" in values:
            said = "date and time are two keys: log them as one, else it is the time of reading"
        elif named := [p for p in by_name(values, NAMES["timestamp"]) if not p.startswith("$")]:
            said = f"{named[0]} is in no form that is known: set as: {{strptime: …}}"
        yield f"# timestamp: …  # {said}"
    if not {"prediction", "scores", "score", "ranking"} & fields.keys():
        prose = [p for p in by_name(values, NAMES["prediction"]) if are_prose(values[p])]
        said = f"{prose[0]} holds texts or identifiers, no classes" if prose else (
            "no key looks like a predicted class or value"
        )  # fmt: skip
        yield f"# prediction: …  # {said}"
    if "features" not in fields:
        objects = [
            path for path, found in values.items()
            if all(isinstance(one, Mapping) for one in found) and "." not in path
        ]  # fmt: skip
        where = f": is it one of {', '.join(objects[:5])}?" if objects else ""
        yield f"# features: …  # no key looks like the inputs of the model{where}"


def several(values: Mapping[str, Sequence[object]]) -> Iterator[str]:
    """Several models in one log."""
    for path, found in values.items():
        names = list(dict.fromkeys(one for one in found if isinstance(one, str)))
        if path.rpartition(".")[2] in ("model", "model_name") and 1 < len(names) <= _MODELS:
            some = ", ".join(names[:4]) + (", …" if len(names) > 4 else "")
            own = f"with when: {{{path}: {names[0]}}}"
            yield f"several models ({some}): give each an entry of its own, {own}"
            return


_MODELS = 10


def unknown(values: Mapping[str, Sequence[object]], fields: Mapping[str, object]) -> Iterator[str]:
    """The keys of a log in which nothing looks like a prediction, for the reader to tell."""
    known = {"prediction", "scores", "score", "ranking", "features", "latency"}
    keys = [path for path in values if not path.startswith("$") and "[" not in path]
    if keys and not known & fields.keys():
        more = f" and {len(keys) - _SHOWN} more" if len(keys) > _SHOWN else ""
        yield f"# keys found: {', '.join(keys[:_SHOWN])}{more}; say which is what:"
        yield "# fields: {prediction: …, features: …, latency: {from: …, unit: ms}}"


_SHOWN = 30


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
    if "fields.prediction" in preset.ask and preset.model["fields"].get("features") == {
        "rest": True
    }:
        question = preset.ask["fields.prediction"]
        fields |= _of_schema(roles, values) if roles else _columns(values, question)
    fields |= _of_own_lines(shape)
    if "records" in preset.model:
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
        if name
        in ("features", "prediction", "score", "scores", "latency", "id", "version", "steps")
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
    text = json.dumps({"models": {"m": {"logs": ["l"], "format": preset.name, "pairs": None}}})
    (model,) = config.parse(text, "init").models
    side = "request" if "pairs" in preset.model else ""
    lines = [{side: row, "response": None} if side else row for row in shape.rows[:200]]
    block = "".join(json.dumps(line) + "\n" for line in lines).encode()
    raw = make_decoder(model, None, collect=True).decode(block).batch.raw_features or []
    names = list(dict.fromkeys(name for row in raw if row for name in row))
    return names if names and names == [f"x{i}" for i in range(len(names))] else []


def _of_schema(roles: Roles, values: Mapping[str, Sequence[object]]) -> dict[str, list[str]]:
    """What the schema says of the columns."""
    fields: dict[str, list[str]] = {}
    said = "  # as the schema says"
    if roles.features:
        only = ", ".join(map(quoted, roles.features))
        fields["features"] = [f"features: {{rest: true, only: [{only}]}}{said}"]
    for name, column in (("prediction", roles.prediction), ("actual", roles.actual)):
        if column is not None:
            fields[name] = [f"{name}: {quoted(column)}{said}"]
    sizes = {len(v) for v in values.get(roles.scores or "", ()) if isinstance(v, list)}
    if roles.scores is not None and len(sizes) == 1:
        classes = ", ".join(f'"{i}"' for i in range(sizes.pop()))
        text = f"scores: {{from: {quoted(roles.scores)}, classes: [{classes}]}}"
        fields["scores"] = [text + remark("", ["give the classes their names, in order"])]
    return fields


def _columns(values: Mapping[str, Sequence[object]], question: str) -> dict[str, list[str]]:
    """Predictions and probabilities among columns at the top of the line, by name."""
    fields: dict[str, list[str]] = {}
    chosen = choose(values)
    for name in ("prediction", "score", "actual"):
        if name in chosen:
            path = quoted(chosen[name].paths[0])
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
