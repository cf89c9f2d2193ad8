"""The fields of a log by the names of its keys, and how their values are written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

from inference_exporter.config.schema import JsonFormat
from inference_exporter.formats.guessing.choose import (
    Choice,
    choose,
    choose_features,
    choose_spans,
    choose_steps,
    choose_weight,
)
from inference_exporter.formats.guessing.names import NOISE, RANKINGS
from inference_exporter.formats.guessing.outputs import roles_of
from inference_exporter.formats.guessing.payloads import Reading, ranked_key
from inference_exporter.formats.guessing.probabilities import choose_scores
from inference_exporter.formats.guessing.shape import Shape
from inference_exporter.formats.guessing.written import step_of
from inference_exporter.formats.guessing.yaml_text import listed, quoted, remark

_SOME = 5  # values that tell something
_IDENTITY = re.compile(r"(?=.*\d)(?=.*[A-Za-z])[\w:-]+")

Values = Mapping[str, Sequence[object]]
Fields = dict[str, list[str]]


def fields_of(shape: Shape, reading: Reading, values: Values) -> Fields:
    """YAML lines by field."""
    nested = isinstance(shape.line_format, JsonFormat)
    roles = roles_of(reading.rows, reading.explode)
    entries = tuple(reading.explode)
    outside = {p: v for p, v in values.items() if not _is_below(p, entries)}
    features = roles.pop("features", None) or (choose_features(outside) if nested else None)
    inside = features.paths if features else ()
    outside = {p: v for p, v in outside.items() if not _is_below(p, inside)}
    chosen = choose(outside) | roles
    chosen |= choose_spans(outside, chosen)
    if reading.request is not None:
        chosen |= _of_pairs(reading, outside)
    fields = {name: field_lines(name, choice) for name, choice in chosen.items()}
    if reading.request is not None:
        fields["status"] = [_status_of_pairs(outside)]
    return fields | _vectors(outside, chosen) | _inputs(values, outside, chosen, features)


def _is_below(path: str, roots: Sequence[str]) -> bool:
    return any(path == root or path.startswith((f"{root}.", f"{root}[")) for root in roots)


def _of_pairs(reading: Reading, values: Values) -> dict[str, Choice]:
    found = {"id": Choice((f"request.{reading.id}",))} if reading.id else {}
    for name in ("time", "timestamp", "ts", "@timestamp", "event_time"):
        asked, told = f"request.{name}", f"response.{name}"
        if asked in values and told in values:
            found["timestamp"] = Choice((asked,))
            found["latency"] = Choice((told,), since=asked)
            break
    return found


def _status_of_pairs(values: Values) -> str:
    """The HTTP status of the response, where it is logged, else whether there is one."""
    for name in ("status", "status_code", "http_status", "code"):
        codes = [str(value) for value in values.get(f"response.{name}", ())]
        if codes and all(re.fullmatch("[1-5][0-9][0-9]", code) for code in codes):
            return f'status: {{from: [response.{name}, pair], ok: ["200..399", answered]}}'
    return "status: {from: pair, ok: answered}"


def field_lines(name: str, choice: Choice) -> list[str]:
    """The line of a field, with what is to be said about it."""
    keys: dict[str, str] = {}
    if choice.unit and (choice.unit != "s" or name == "latency"):
        keys["unit"] = choice.unit
    if choice.convert:
        keys["as"] = choice.convert
    if choice.since:
        keys["since"] = quoted(choice.since)
    value = listed(choice.paths)
    if keys:
        rest = ", ".join(f"{key}: {text}" for key, text in keys.items())
        value = f"{{from: {value}, {rest}}}"
    remarks = list(choice.doubts)
    if choice.others:
        remarks.append(f"also found: {', '.join(choice.others)}")
    return [f"{quoted(name)}: {value}{remark(name, remarks)}"]


def _vectors(values: Values, chosen: Mapping[str, Choice]) -> Fields:
    """Probabilities, rankings, steps, weights."""
    fields: Fields = {}
    scores = choose_scores(values)
    if scores is not None:
        classes = ", ".join(map(quoted, scores.classes))
        text = f"scores: {{from: {quoted(scores.path)}, classes: [{classes}]}}"
        fields["scores"] = [text + remark("scores", [scores.doubt])]
    elif "prediction" not in chosen:
        fields |= _ranking(values)
    if steps := choose_steps(values):
        fields["steps"] = ["steps:", *(f"  {field_lines(n, c)[-1]}" for n, c in steps.items())]
    if (weight := choose_weight(values)) is not None:
        fields["weight"] = field_lines("weight", weight)
    return fields


def _ranking(values: Values) -> Fields:
    for path in sorted(values, key=lambda path: path.count(".")):
        if path.rpartition(".")[2] in RANKINGS:
            key = ranked_key(values[path])
            plain = all(isinstance(e, str | int) for v in values[path] if isinstance(v, list)
                        for e in v)  # fmt: skip
            if key is not None:
                text = f"ranking: {{from: {quoted(path)}, as: {{pick: {quoted(key)}}}}}"
                return {"ranking": [text + remark("", ["check that the best comes first"])]}
            if plain and all(isinstance(v, list) for v in values[path]):
                text = f"ranking: {quoted(path)}"
                return {"ranking": [text + remark("", ["check that the best comes first"])]}
    return {}


# -- inputs ----------------------------------------------------------------------------------


def _inputs(
    values: Values, outside: Values, chosen: Mapping[str, Choice], features: Choice | None
) -> Fields:
    if features is not None:
        return {"features": [_features_line(features, values)]}
    if "prediction" in chosen or "score" in chosen:
        return _rest(outside, chosen)
    return {}


def _features_line(choice: Choice, values: Values) -> str:
    path = quoted(choice.paths[0])
    if choice.names:
        names = ", ".join(choice.names)
        names = names if choice.names == ("auto",) else f"[{names}]"
        return f"features: {{from: {path}, names: {names}}}{remark('', choice.doubts)}"
    root = choice.paths[0]
    below = {p.removeprefix(f"{root}."): v for p, v in values.items() if p.startswith(f"{root}.")}
    converted = _converted({name: v for name, v in below.items() if "." not in name})
    said = remark("", ["check that these are the inputs of the model"])
    if converted:
        return f"features: {{from: {path}, as: {{{converted}}}}}{said}"
    return f"features: {path}{said}"


def _rest(values: Values, chosen: Mapping[str, Choice]) -> Fields:
    """Inputs that are keys of the line itself, between others."""
    paths = [path for one in chosen.values() for path in (*one.paths, one.since or "")]
    used = {path.partition(".")[0].partition("[")[0] for path in paths}
    scores = choose_scores(values)
    used |= {scores.path.partition(".")[0]} if scores else set()
    left = [
        path
        for path in values
        if "." not in path
        and "[" not in path
        and path not in used
        and path.strip()
        and path.isprintable()
    ]
    odd = [p for p in left if p in NOISE or p.endswith("_id") or not _is_input(values[p])]
    odd += [p for p in left if p not in odd and is_identity(values[p])]
    inputs = [path for path in left if path not in odd]
    if not inputs:
        return {}
    converted = _converted({path: values[path] for path in inputs})
    exclude = f", exclude: [{', '.join(map(quoted, odd))}]" if odd else ""
    steps = f", as: {{{converted}}}" if converted else ""
    said = remark("", [", ".join(inputs[:8]) + (", …" if len(inputs) > 8 else "")])
    return {"features": [f"features: {{rest: true{exclude}{steps}}}{said}"]}


def _can_be_spelled(name: str) -> bool:
    return bool(name.strip()) and name.isprintable()


def is_identity(found: Sequence[object]) -> bool:
    """Whether texts name things one by one: no two are alike, and all have a digit.

    >>> is_identity([f"C{i}" for i in range(7)]), is_identity([f"{i}.5" for i in range(7)])
    (True, False)
    """
    if len(found) < _SOME or len(set(map(str, found))) < len(found):
        return False
    return all(isinstance(value, str) and _IDENTITY.fullmatch(value) for value in found)


def _is_input(found: Sequence[object]) -> bool:
    return all(isinstance(value, str | int | float) for value in found)


def _converted(values: Values) -> str:
    """Inputs that are numbers with separators or signs, each with its step."""
    named = {name: column for name, column in values.items() if _can_be_spelled(name)}
    found = {name: step for name, column in named.items() if (step := step_of(column))}
    return ", ".join(f"{quoted(name)}: {step}" for name, step in found.items())
