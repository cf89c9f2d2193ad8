"""The sample of a log whose preset is known, as the preset reads it: which of its guesses hold.

A preset says where the answer is and takes it for what it mostly is. Whether the answer of this
model is a class, a value, a probability or one for each class is seen in the lines.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from inference_exporter import config
from inference_exporter.config.conditions import holds
from inference_exporter.config.presets import Preset
from inference_exporter.config.schema import ModelConfig
from inference_exporter.formats.guessing.choose import Choice
from inference_exporter.formats.guessing.inputs import of_list
from inference_exporter.formats.guessing.names import SURE_FEATURES
from inference_exporter.formats.guessing.outputs import is_output, roles_of
from inference_exporter.formats.guessing.payloads import exploded
from inference_exporter.formats.json_lines import parse
from inference_exporter.formats.paths import walker
from inference_exporter.values.numeric import numeric_column

_ROLES = ("prediction", "score", "scores")
_ENOUGH = 0.5  # of the answers
Row = Mapping[str, Any]


def preset_rows(preset: Preset, rows: Sequence[Row]) -> list[Row]:
    """The predictions of the sample, with the entries of their lists; joined, if they are pairs."""
    model = _model(preset)
    joined = list(rows) if model.pairs is None else list(_joined(model, rows))
    return exploded(joined, model.decode, model.explode)


def _model(preset: Preset) -> ModelConfig:
    return model_of(preset.model)


def model_of(settings: Mapping[str, Any]) -> ModelConfig:
    """A model with settings of a preset that reads rows of a sample, which are objects by now."""
    own = {key: value for key, value in settings.items() if key != "columns"}
    if own.get("format") == "csv":
        own["format"] = "json"
    (model,) = config.parse(json.dumps({"models": {"m": {"logs": ["l"], **own}}}), "init").models
    return model


def _joined(model: ModelConfig, rows: Sequence[Row]) -> Iterator[Row]:
    """Requests with their responses, as far as both are in the sample."""
    assert model.pairs is not None
    find = walker(model.pairs.id.paths)
    asked = {
        str(find(dict(row))): row
        for row in rows
        if _is(model.pairs.request, row) and find(dict(row))
    }
    for row in rows:
        if _is(model.pairs.response, row) and not _is(model.pairs.request, row):
            yield {"request": asked.get(str(find(dict(row)))), "response": row, "pair": "answered"}


def said_of_pairs(model: ModelConfig, block: bytes) -> str:
    """How many requests of a sample have their response in it, in words."""
    assert model.pairs is not None
    if model.pairs.by == "order" or model.pairs.request_lines or model.pairs.response_lines:
        return "requests are joined."
    find = walker(model.pairs.id.paths)
    rows = [row for line in block.splitlines() if (row := parse(line))]
    told = {str(find(row)) for row in rows if _is(model.pairs.response, row)}
    asked = {str(find(row)) for row in rows if _is(model.pairs.request, row)} - {"None"}
    met = len(asked & told)
    if not asked:
        return "no request is among them."
    if not met:
        return (
            f"{len(asked)} requests, none with its response: are these in another file? Give both."
        )
    return f"{len(asked)} requests are joined, {met} with a response."


def _is(wanted: Mapping[str, Any], row: Row) -> bool:
    return all(holds(one)(walker((path,))(dict(row))) for path, one in wanted.items())


def corrected(preset: Preset, rows: Sequence[Row]) -> dict[str, Choice | None]:
    """What is to be said over the preset: fields with their choices, None for those to take away.

    Empty where the preset is right, or where nothing is known that is better.
    """
    fields, roots = preset.model["fields"], preset.model.get("explode", ())
    better = roles_of(rows, [root for root in roots if is_output(root)])
    better = {role: choice for role, choice in better.items() if role in (*_ROLES, "actual")}
    found: dict[str, Choice | None] = {}
    if better:
        right = {role for role in _ROLES if role in fields and _holds(role, fields[role], rows)}
        if right != better.keys() - {"actual"}:
            found = {role: None for role in _ROLES if role in fields and role not in better}
            found |= {role: one for role, one in better.items() if role not in right}
    inputs = _inner_list(rows, [root for root in roots if not is_output(root)])
    return found | ({"features": inputs} if inputs else {})


def predicted(
    preset: Preset, rows: Sequence[Row], over: Mapping[str, Choice | None]
) -> list[object]:
    """The predictions of the sample, as the preset and what is said over it read them."""
    fields = preset.model["fields"]
    if "prediction" in over:
        one = over["prediction"]
        paths: Sequence[str] = one.paths if one is not None else ()
    else:
        paths = paths_of(fields["prediction"]) if "prediction" in fields else ()
    found = [_first(row, paths) for row in rows]
    return [one for one in found if isinstance(one, str | int | float)]


def paths_of(field: Any) -> Sequence[str]:
    """The paths of a field of a preset, however it is written."""
    paths = field["from"] if isinstance(field, Mapping) else field
    return [paths] if isinstance(paths, str) else list(paths)


def _holds(role: str, field: Any, rows: Sequence[Row]) -> bool:
    """Whether the answers at the paths of a preset are what it takes them for."""
    found = [_first(row, paths_of(field)) for row in rows]
    answers = [one for one in found if one is not None]
    if not answers:
        return False
    plain = [one for one in answers if isinstance(one, str | int | float)]
    if role == "score":
        numbers = numeric_column(plain).values
        plain = [one for one in numbers.tolist() if 0 <= one <= 1]
    return len(plain) >= _ENOUGH * len(answers)


def _first(row: Row, paths: Sequence[str]) -> Any:
    """What is at the first path that leads anywhere; entries of lists are under their paths."""
    for path in paths:
        if (whole := walker((path,))(dict(row))) is not None:
            return whole
        for root, entry in row.items():
            if path.startswith((f"{root}.", f"{root}[")) and isinstance(entry, dict | list):
                value = walker((path.removeprefix(root).removeprefix("."),))(entry)
                if value is not None:
                    return value
    return None


def of_own_lines(preset: Preset, rows: Sequence[Row]) -> tuple[dict[str, str], list[Row]] | None:
    """What tells an application's own lines, where the preset expects others; and these lines.

    Ray Serve's log has them between its own: whatever the application calls their message.
    """
    model = _model(preset)
    if model.pairs is None or any(_is(model.pairs.request, row) for row in rows):
        return None
    find = walker(model.pairs.id.paths)
    answers = {str(find(dict(row))) for row in rows if _is(model.pairs.response, row)}
    own = [
        row
        for row in rows
        if not _is(model.pairs.response, row)
        and str(find(dict(row))) in answers
        and _is({k: v for k, v in model.pairs.request.items() if k != "message"}, row)
    ]
    words = {row.get("message") for row in own}
    word = words.pop() if len(words) == 1 else None
    return ({"message": word}, own) if own and isinstance(word, str) and word else None


def _inner_list(rows: Sequence[Row], roots: Sequence[str]) -> Choice | None:
    """Inputs that are a list in an object: `{"features": [1.5, 2]}`."""
    for root in roots:
        entries = [row[root] for row in rows if row.get(root) is not None]
        for name in SURE_FEATURES:
            inner = [one.get(name) for one in entries if isinstance(one, dict) and len(one) == 1]
            sizes = {len(one) if isinstance(one, list) else -1 for one in inner}
            if (
                entries
                and len(inner) == len(entries)
                and len(sizes) == 1
                and sizes.isdisjoint({-1, 0})
            ):
                return of_list(f"{root}.{name}", sizes.pop(), {})
    return None
