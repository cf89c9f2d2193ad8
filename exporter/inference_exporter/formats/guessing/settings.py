"""The settings of a model beside its fields: the format, the mapping, what a preset asks for."""

from __future__ import annotations

import json
from collections.abc import Container, Iterator, Mapping, Sequence

from inference_exporter.config.schema import CsvFormat, JsonFormat, LogfmtFormat, RegexFormat
from inference_exporter.formats.guessing.choose import Choice, by_name
from inference_exporter.formats.guessing.kinds import are_prose
from inference_exporter.formats.guessing.names import NAMES
from inference_exporter.formats.guessing.preset_rows import (
    corrected,
    predicted,
    preset_rows,
)
from inference_exporter.formats.guessing.reading import Reading
from inference_exporter.formats.guessing.shape import Shape
from inference_exporter.formats.guessing.yaml_text import quoted
from inference_exporter.formats.paths import walker
from inference_exporter.values.numeric import numeric_column


def format_lines(shape: Shape) -> Iterator[str]:
    """How lines are written."""
    line = shape.line_format
    if shape.preset is not None:
        yield f"format: {shape.preset.name}  # guessed: {shape.preset.title}"
        for sentence in shape.preset.lacks:
            yield f"# Such a log lacks {sentence}."
    elif isinstance(line, JsonFormat):
        yield from _json(line)
    elif isinstance(line, LogfmtFormat):
        yield "format: logfmt"
    elif isinstance(line, CsvFormat):
        yield from _csv(line)
    elif isinstance(line, RegexFormat):
        yield "format: regex"
        yield f"pattern: '{line.pattern.replace(chr(39), chr(39) * 2)}'"
    if isinstance(line, JsonFormat) and line.multiline:
        yield "multiline: true"


def _json(line: JsonFormat) -> Iterator[str]:
    yield f"format: {'python' if line.literal else 'json'}"
    if line.columns:
        yield f"columns: [{', '.join(map(quoted, line.columns))}]  # guessed: by their values"


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
        asked, told = reading.request
        key = f"id: {quoted(reading.id)}" if reading.id else "by: order"
        if not reading.id:
            yield "# Requests and responses have no id in common. Here each response follows its"
            yield "# request; where two requests are open at a time they are not joined, and count"
            yield '# in inference_pairs_total{result="ambiguous"}: log an id with both.'
        yield (
            f"pairs: {{{key}, request: {asked},"
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
