"""The fields of a log by the names of its keys, and how their values are written."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from inference_exporter.config.schema import JsonFormat
from inference_exporter.formats.guessing.choose import (
    Choice,
    choose,
    choose_spans,
    choose_steps,
    choose_weight,
)
from inference_exporter.formats.guessing.inputs import (
    Sorted,
    beside,
    choose_features,
    is_no_input,
    is_top,
    marked,
    sort_out,
    why_left_out,
)
from inference_exporter.formats.guessing.kinds import time_unit
from inference_exporter.formats.guessing.names import (
    ANSWERS,
    RANKINGS,
    SPANS,
    SURE_FEATURES,
    spelled,
)
from inference_exporter.formats.guessing.outputs import roles_of
from inference_exporter.formats.guessing.payloads import ranked_key
from inference_exporter.formats.guessing.probabilities import ITEMS as SCORES
from inference_exporter.formats.guessing.probabilities import choose_scores
from inference_exporter.formats.guessing.reading import Reading
from inference_exporter.formats.guessing.shape import Shape
from inference_exporter.formats.guessing.written import step_of
from inference_exporter.formats.guessing.yaml_text import listed, quoted, remark

Values = Mapping[str, Sequence[object]]
Fields = dict[str, list[str]]


@dataclass(frozen=True, slots=True)
class Guess:
    """YAML lines by field, and the choices that the plain ones came from."""

    fields: Fields
    chosen: Mapping[str, Choice] = field(default_factory=dict)
    inputs: tuple[str, ...] = ()  # where they are, if not in the line itself


def fields_of(shape: Shape, reading: Reading, values: Values) -> Guess:
    """YAML lines by field, and what was chosen for the plain ones."""
    nested = isinstance(shape.line_format, JsonFormat) or bool(reading.decode)
    roles = roles_of(reading.rows, reading.explode)
    entries = tuple(reading.explode)
    outside = {p: v for p, v in values.items() if not _is_below(p, entries)}
    features = roles.pop("features", None) or (choose_features(outside) if nested else None)
    inside = features.paths if features else ()
    outside = {p: v for p, v in outside.items() if not _is_below(p, inside)}
    chosen = _chosen(outside, roles)
    if reading.request is not None:
        told = _of_pairs(reading, outside)
        if "latency" in chosen:  # as it is logged, rather than between two times
            told.pop("latency", None)
        chosen |= told
    fields = {name: field_lines(name, choice) for name, choice in chosen.items()}
    if reading.request is not None:
        fields["status"] = [_status_of_pairs(outside)]
    fields |= _vectors(outside, chosen)
    return Guess(fields | _inputs(values, outside, chosen, features, nested), chosen, inside)


def _chosen(outside: Values, roles: Mapping[str, Choice]) -> dict[str, Choice]:
    """The plain fields; probabilities first, because what is in them is nothing else."""
    scores = None if "scores" in roles else choose_scores(outside)
    taken = scores.paths if scores else ()
    chosen = choose({p: v for p, v in outside.items() if not _is_below(p, taken)})
    chosen |= dict(roles)
    if scores is not None:
        chosen["scores"] = scores
    return chosen | choose_spans(outside, chosen)


def _is_below(path: str, roots: Sequence[str]) -> bool:
    return any(path == root or path.startswith((f"{root}.", f"{root}[")) for root in roots)


def _of_pairs(reading: Reading, values: Values) -> dict[str, Choice]:
    found = {"id": Choice((f"request.{reading.id}",))} if reading.id else {}
    for first, last in _TIMES:
        asked, told = f"request.{first}", f"response.{last}"
        if asked in values and told in values:
            unit = time_unit(values[asked])
            found["timestamp"] = Choice((asked,), unit)
            if values[asked] != values[told]:  # else it is when they were logged
                found["latency"] = Choice((told,), unit, since=asked)
            break
    return found


_TIMES = (
    *((name, name) for name in ("time", "timestamp", "ts", "@timestamp", "event_time")), *SPANS,
    *((name, "sent_at") for name in ("received_at", "requested_at", "time", "timestamp", "ts")),
)  # fmt: skip
"""Names of the times of a request and its response."""


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
    if choice.ok:
        keys["ok"] = f"[{', '.join(map(quoted, choice.ok))}]"
    if choice.classes:
        keys["classes"] = f"[{', '.join(map(quoted, choice.classes))}]"
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
    if not {"scores", "prediction"} & chosen.keys():
        fields |= _ranking(values)
    taken = [path for one in chosen.values() for path in one.paths]
    if steps := choose_steps(values, taken):
        fields["steps"] = ["steps:", *(f"  {field_lines(n, c)[-1]}" for n, c in steps.items())]
    if (weight := choose_weight(values)) is not None:
        fields["weight"] = field_lines("weight", weight)
    return fields


def _ranking(values: Values) -> Fields:
    for path in sorted(values, key=lambda path: path.count(".")):
        last = path.rpartition(".")[2]
        if last in RANKINGS or (last in ANSWERS and _has_scores(values[path])):
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


def _has_scores(found: Sequence[object]) -> bool:
    """Whether lists are of classes with their scores, the highest first."""
    for one in found:
        entries = one if isinstance(one, list) else []
        scores = [
            next((entry[k] for k in SCORES if isinstance(entry.get(k), int | float)), None)
            for entry in entries
            if isinstance(entry, Mapping)
        ]
        if not scores or None in scores or scores != sorted(scores, key=_number, reverse=True):
            return False
    return bool(found)


def _number(value: object) -> float:
    return float(value) if isinstance(value, int | float) else 0.0


# -- inputs ----------------------------------------------------------------------------------


def _inputs(
    values: Values,
    outside: Values,
    chosen: Mapping[str, Choice],
    features: Choice | None,
    nested: bool,
) -> Fields:
    if features is not None:
        return {
            "features": [_features_line(features, values, _left_beside(features, outside, chosen))]
        }
    if not {"prediction", "score", "scores"} & chosen.keys():
        return _tokens(outside)
    above = beside(outside, chosen) if nested else None
    return _siblings(above, outside, chosen) if above else _rest(outside, chosen)


def _tokens(values: Values) -> Fields:
    """What a language model was asked and answered, by its length."""
    found = [p for p in values if is_top(p, values) and _TOKENS.fullmatch(p)]
    if not found:
        return {}
    only = ", ".join(map(quoted, found))
    said = remark("", ["there is no class to compare, the tokens are"])
    return {"features": [f"features: {{rest: true, only: [{only}]}}{said}"]}


_TOKENS = re.compile(r"(?:prompt|completion|input|output|total|cached)_?[tT]okens")


def _left_beside(features: Choice, outside: Values, chosen: Mapping[str, Choice]) -> list[str]:
    """What may be inputs too, beside an object whose name does not say that it holds them all."""
    if spelled(features.paths[0]).rpartition(".")[2] in SURE_FEATURES:
        return []
    left = [path for path in outside if is_top(path, outside) and _can_be_spelled(path)]
    found = rest_of(left, outside, chosen).inputs
    return [f"not read: {', '.join(found[:5])}"] if found else []


def _features_line(choice: Choice, values: Values, beside: Sequence[str] = ()) -> str:
    path = quoted(choice.paths[0])
    if choice.names:
        names = ", ".join(map(quoted, choice.names))
        names = names if choice.names == ("auto",) else f"[{names}]"
        return f"features: {{from: {path}, names: {names}}}{remark('', choice.doubts)}"
    below = _below(choice.paths[0], values)
    left_out = {name: why for name in below if (why := is_no_input(name, below[name]))}
    kept = [name for name in below if name not in left_out]
    keys = [f"from: {path}"]
    if left_out and kept:
        keys.append(f"only: [{', '.join(map(quoted, kept))}]")
    if converted := _converted({name: v for name, v in below.items() if name in kept}):
        keys.append(f"as: {{{converted}}}")
    said = ["check that these are the inputs of the model", *why_left_out(left_out if kept else {})]
    said += beside
    value = path if len(keys) == 1 else f"{{{', '.join(keys)}}}"
    return f"features: {value}{remark('', said)}"


def _below(root: str, values: Values) -> dict[str, Sequence[object]]:
    """What stands in an object, by name."""
    objects = [one for one in values.get(root, ()) if isinstance(one, Mapping)]
    names = dict.fromkeys(name for one in objects for name in one if _can_be_spelled(name))
    columns: dict[str, Sequence[object]] = {
        name: [one[name] for one in objects if one.get(name) is not None] for name in names
    }
    if columns:
        return columns
    return {  # of lists that were taken apart
        path.removeprefix(f"{root}."): found
        for path, found in values.items()
        if path.startswith(f"{root}.") and "." not in path.removeprefix(f"{root}.")
    }


def _siblings(above: str, values: Values, chosen: Mapping[str, Choice]) -> Fields:
    """Inputs that stand beside the prediction in an object."""
    below = _below(above, values)
    used = {
        path.removeprefix(f"{above}.").partition(".")[0].partition("[")[0]
        for one in chosen.values()
        for path in (*one.paths, one.since or "")
        if path.startswith(f"{above}.")
    }
    found = sort_out(tuple(below), below, frozenset(used))
    if not found.inputs:
        return {}
    keys = [f"from: {quoted(above)}", f"only: [{', '.join(map(quoted, found.inputs))}]"]
    if converted := _converted({name: below[name] for name in found.inputs}):
        keys.append(f"as: {{{converted}}}")
    said = ["check that these are the inputs of the model", *why_left_out(found.others)]
    return {"features": [f"features: {{{', '.join(keys)}}}{remark('', said)}"]}


def _rest(values: Values, chosen: Mapping[str, Choice]) -> Fields:
    """Inputs that are keys of the line itself, between others."""
    left = [path for path in values if is_top(path, values)]
    found = rest_of([path for path in left if _can_be_spelled(path)], values, chosen)
    if not found.inputs:
        told = list(why_left_out(found.others))
        return {"features": [f"# features: …  # guessed: {told[0]}"]} if told else {}
    if own := marked(found.inputs):
        return {"features": [f"features: {{rest: true, only: [{', '.join(map(quoted, own))}]}}"
                             + remark("", ["the keys whose names begin so"])]}  # fmt: skip
    converted = _converted({path: values[path] for path in found.inputs})
    odd = [name for name in found.others if not name.startswith("$")]
    exclude = f", exclude: [{', '.join(map(quoted, odd))}]" if odd else ""
    steps = f", as: {{{converted}}}" if converted else ""
    shown = ", ".join(found.inputs[:8]) + (", …" if len(found.inputs) > 8 else "")
    said = remark("", [shown, *why_left_out(found.others)])
    return {"features": [f"features: {{rest: true{exclude}{steps}}}{said}"]}


def rest_of(names: Sequence[str], values: Values, chosen: Mapping[str, Choice]) -> Sorted:
    """Which keys of the line are inputs, beside those of the chosen fields."""
    paths = [path for one in chosen.values() for path in (*one.paths, one.since or "")]
    used = {path.partition(".")[0].partition("[")[0] for path in paths} | set(paths)
    return sort_out(names, values, frozenset(used))


def _can_be_spelled(name: str) -> bool:
    return bool(name.strip()) and name.isprintable()


def _converted(values: Values) -> str:
    """Inputs that are numbers with separators or signs, each with its step."""
    named = {name: column for name, column in values.items() if _can_be_spelled(name)}
    found = {name: step for name, column in named.items() if (step := step_of(column))}
    return ", ".join(f"{quoted(name)}: {step}" for name, step in found.items())
