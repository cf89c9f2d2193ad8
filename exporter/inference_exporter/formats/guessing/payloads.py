"""Objects that hold predictions in a way of their own: texts with JSON, lists of rows, halves.

What is found is said in the mapping language, and applied: the guesses by name look at what comes
out of it.
"""

from __future__ import annotations

import copy
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import yaml

from inference_exporter.config.mapping import steps
from inference_exporter.config.step import Steps
from inference_exporter.formats.guessing.choose import by_name
from inference_exporter.formats.guessing.halves import paired
from inference_exporter.formats.guessing.inputs import choose_features
from inference_exporter.formats.guessing.kinds import values_by_path
from inference_exporter.formats.guessing.names import FEATURES
from inference_exporter.formats.guessing.outputs import is_output
from inference_exporter.formats.guessing.reading import Reading, Row, all_paths, values_at
from inference_exporter.formats.mapping.reshape import Reshape, UnevenError
from inference_exporter.formats.paths import walker
from inference_exporter.formats.steps import function_of

_BATCHES = ("instances", "dataframe_records")  # lists of rows, whatever stands beside them
_CHAT = frozenset(("role", "content", "finish_reason", "message", "delta", "text"))
_RANKED = ("recommendations", "items", "candidates", "ranking", "ranked", "hits", "results")
_INPUTS = ("instances", "dataframe_split", "dataframe_records", "inputs")
_SOME_SHAPES = 0.5  # of the values: some requests are bad ones
_MOST = 0.9  # of the lines


def reading_of(rows: Sequence[Row], *, one_file: bool = True) -> Reading:
    """What the objects of a log hold, if it is more than values by name."""
    found = paired(rows, one_file=one_file)
    for _ in range(_NESTED):
        before = len(found.decode)
        _decode_texts(found)
        if len(found.decode) == before:
            break
    _decode_payloads(found)
    _decode_inputs(found)
    _explode(found)
    return found


def reading_of_cells(rows: Sequence[Row]) -> Reading:
    """What the cells of lines hold, if some of them hold JSON."""
    found = Reading(list(rows))
    texts = (str(one).strip() for row in rows for one in row.values())
    if not any(text[:1] in ("{", "[") and len(text) > len("[]") for text in texts):
        return found
    _decode_texts(found)
    if found.decode:
        _decode_payloads(found)
        _decode_inputs(found)
        _explode(found)
    return found


# -- values that hold others -----------------------------------------------------------------


def _decode_texts(found: Reading) -> None:
    """Texts that hold JSON, or Python's way of writing an object; messages that end in JSON."""
    new: dict[str, list[str]] = {}
    for path in all_paths(found.rows):
        values = values_at(found.rows, path)
        texts = [value for value in values if isinstance(value, str)]
        chain = (
            _step_of_texts(path, texts, len(values)) if texts and path not in found.decode else ()
        )
        if chain:
            new[path] = list(chain)
    found.decode.update(new)
    _apply(found, new)


_NESTED = 3  # texts in texts
_MESSAGES = (
    "message",
    "@message",
    "MESSAGE",
    "msg",
    "log",
    "line",
    "event",
    "body",
    "data",
    "value",
)
_SELDOM = 0.05  # of the messages of a service are predictions
_TAIL = re.compile(r"(\{.*\})\s*$")


def _step_of_texts(path: str, texts: Sequence[str], count: int) -> tuple[str, ...]:
    """The steps that read what texts hold."""
    for step, good in (("json", _is_json), ("python", _is_literal)):
        if sum(map(good, texts)) >= _MOST * count:
            return (step,)
    if path.rpartition(".")[2] not in _MESSAGES:
        return ()
    if sum(text.startswith("{") and _is_json(text) for text in texts) >= _SELDOM * count:
        return ("json",)
    tails = [match[1] for text in texts if (match := _TAIL.search(text))]
    if sum(map(_is_json, tails)) >= _SELDOM * count:
        return (f"{{regex: '{_TAIL.pattern}'}}", "json")
    return ()


_literal = function_of(steps("python"))


def _is_literal(text: str) -> bool:
    return text.lstrip()[:1] in ("{", "[") and isinstance(_literal(text), dict | list)


def _decode_inputs(found: Reading) -> None:
    """Inputs that are objects in objects, lists of names with values, or cells of a text."""
    new: dict[str, list[str]] = {}
    for path in by_name(values_by_path(found.rows), (*FEATURES, *_BATCHES)):
        values = values_at(found.rows, path)
        step = _step_of_inputs(values)
        if step == "flat" and isinstance(values[0], dict):
            chosen = choose_features(values_by_path(found.rows))
            step = step if chosen is not None and chosen.paths == (path,) else None
        if step is not None and not any(path.startswith(f"{outer}.") for outer in new):
            new[path] = [step]
    for path, chain in new.items():
        found.decode[path] = [*found.decode.get(path, []), *chain]
    _apply(found, new)


def _step_of_inputs(values: Sequence[Any]) -> str | None:
    if not values:
        return None
    if all(isinstance(one, dict) for one in values):
        inner = any(isinstance(e, dict) for one in values for e in one.values())
        answers = any(is_output(str(key)) for one in values for key in one)
        return "flat" if inner and not answers else None
    if all(isinstance(one, list) for one in values):
        return _step_of_entries([entry for one in values for entry in one])
    if all(isinstance(one, str) and _CELLS.fullmatch(one) for one in values):
        return _step_of_cells(values)
    return None


def _step_of_entries(entries: Sequence[Any]) -> str | None:
    """Lists of `{name: age, value: 41}`; rows that are objects in objects."""
    objects = [one for one in entries if isinstance(one, dict)]
    inner = any(isinstance(value, dict) for one in objects for value in one.values())
    if inner and len(objects) == len(entries):
        return "flat"
    for key in ("name", "feature", "feature_name", "key"):
        if entries and all(
            isinstance(one, dict)
            and isinstance(one.get(key), str)
            and "value" in one
            and len(one) <= 3
            for one in entries
        ):
            return f"{{keyed: [{key}, value]}}"
    return None


def _step_of_cells(texts: Sequence[str]) -> str | None:
    for delimiter, step in ((";", '{csv: ";"}'), (",", "csv")):
        widths = {text.count(delimiter) for text in texts}
        if len(widths) == 1 and widths != {0}:
            return step
    return None


_CELLS = re.compile(r"[-+\d.eE,; ]+")


def _is_json(text: str) -> bool:
    if text.lstrip()[:1] not in ("{", "["):
        return False
    try:
        return isinstance(json.loads(text), dict | list)
    except (ValueError, RecursionError):
        return False


def _decode_payloads(found: Reading) -> None:
    """Tensors and split tables: values that are rows once they are taken apart."""
    new: dict[str, list[str]] = {}
    for path in sorted(all_paths(found.rows), key=lambda path: path.count(".")):
        if any(path.startswith(f"{outer}.") for outer in new):
            continue
        values = values_at(found.rows, path)
        if (values and sum(map(_is_payload, values)) >= _MOST * len(values)) or _is_mixed(values):
            new[path] = ["rows"]
    for path in new:
        found.decode[path] = [*found.decode.get(path, []), "rows"]
    _apply(found, new)


def _is_mixed(values: Sequence[Any]) -> bool:
    """Whether objects hold their rows now in one of the known shapes, now in another."""
    shapes = [
        key
        for value in values
        if isinstance(value, dict)
        for key in _INPUTS
        if isinstance(value.get(key), list | dict)
    ]
    return len(set(shapes)) > 1 and len(shapes) >= _SOME_SHAPES * len(values)


def _is_payload(value: Any) -> bool:
    """Whether it is a list of tensors, or an object that `rows` takes apart by itself."""
    if _are_tensors(value):
        return True
    if not isinstance(value, dict):
        return False
    if isinstance(value.get("columns"), list) and isinstance(value.get("data"), list):
        return True
    if isinstance(columns := value.get("inputs"), dict):  # {"a": [1, 2], "b": [3, 4]}
        sizes = {len(one) if isinstance(one, list) else -1 for one in columns.values()}
        return len(sizes) == 1 and sizes != {-1}
    return isinstance(value.get("ndarray"), list) or isinstance(value.get("tensor"), dict)


def _are_tensors(value: Any) -> bool:
    return (
        isinstance(value, list)
        and bool(value)
        and all(isinstance(one, dict) and {"name", "shape", "data"} <= one.keys() for one in value)
    )


def _apply(found: Reading, decode: Mapping[str, list[str]]) -> None:
    if not decode:
        return
    chains = {path: steps(yaml.safe_load(f"[{', '.join(one)}]")) for path, one in decode.items()}
    reshape = Reshape(chains, ())
    rows = reshape.begin()
    for row in found.rows:
        reshape.add(copy.deepcopy(dict(row)), rows)
    found.rows = list(rows.lines)


# -- lists of rows ---------------------------------------------------------------------------


def _explode(found: Reading) -> None:
    """Lists that have an entry a row: as long as each other in every line."""
    decoded = [path for path, chain in found.decode.items() if chain[-1] == "rows"]
    lists = [path for path in all_paths(found.rows) if _is_list(found.rows, path)]
    nested = [path for path in lists if path in decoded or _of_rows(found.rows, path)]
    nested = [path for path in nested if not _is_ranking(found.rows, path)]
    outer = [p for p in nested if not any(p.startswith(f"{other}.") for other in nested)]
    together = [p for p in lists if p in outer or _as_long_as(found.rows, p, outer)]
    alone = bool(outer) and (outer[0] in decoded or outer[0].endswith(_BATCHES))
    if not outer or not (len(together) > 1 or alone):
        return
    found.explode = together
    found.rows = exploded(found.rows, {}, tuple(together))


def exploded(rows: Sequence[Row], decode: Mapping[str, Steps], roots: tuple[str, ...]) -> list[Row]:
    """Rows by entry, the entries under the paths of their lists; uneven lines are left out."""
    reshape = Reshape(decode, roots)
    found = reshape.begin()
    for row in rows:
        try:
            reshape.add(copy.deepcopy(dict(row)), found)
        except UnevenError:
            continue
    return list(_with_entries(found.lines, found.counts, roots, found.entries))


def _is_list(rows: Sequence[Row], path: str) -> bool:
    values = values_at(rows, path)
    return bool(values) and all(isinstance(value, list) for value in values)


def _of_rows(rows: Sequence[Row], path: str) -> bool:
    """Whether entries of a list are rows: objects or lists, but no messages of a chat."""
    entries = [entry for value in values_at(rows, path) for entry in value]
    if path.rpartition(".")[2] in _BATCHES:
        return bool(entries)
    if not entries or not all(isinstance(entry, dict | list) for entry in entries):
        return False
    return not any(isinstance(entry, dict) and _CHAT & entry.keys() for entry in entries)


def _is_ranking(rows: Sequence[Row], path: str) -> bool:
    return path.rpartition(".")[2] in _RANKED and ranked_key(values_at(rows, path)) is not None


def ranked_key(values: Sequence[Any]) -> str | None:
    """The key of the item in lists of objects that are ranked items."""
    entries = [entry for value in values if isinstance(value, list) for entry in value]
    if not entries or not all(isinstance(entry, dict) for entry in entries):
        return None
    for key in ("item", "item_id", "id", "sku", "product", "product_id", "label", "class", "name"):
        if all(isinstance(entry.get(key), str | int) for entry in entries):
            return key
    return None


def _as_long_as(rows: Sequence[Row], path: str, others: Sequence[str]) -> bool:
    """Whether a list of values has the length of the others in every line, and not by chance."""
    if any(path.startswith(f"{other}.") for other in others):
        return False
    find, finders = walker((path,)), [walker((other,)) for other in others]
    lengths: set[int] = set()
    for row in rows:
        value = find(dict(row))
        if value is None:
            continue
        if any(len(one(dict(row)) or ()) not in (0, len(value)) for one in finders):
            return False
        lengths.add(len(value))
    return bool(others) and bool(lengths)


def _with_entries(
    lines: Sequence[Row], counts: Sequence[int], roots: Sequence[str], entries: Sequence[list[Any]]
) -> Iterator[Row]:
    """A row for every entry: the line without its lists, and the entry under the list's path."""
    at = 0
    for line, count in zip(lines, counts, strict=True):
        rest = copy.deepcopy(dict(line))
        for root in roots:
            _remove(rest, root.split("."))
        for row in range(count):
            yield rest | {r: e[at + row] for r, e in zip(roots, entries, strict=True)}
        at += count


def _remove(holder: Any, keys: Sequence[str]) -> None:
    for key in keys[:-1]:
        holder = holder.get(key) if isinstance(holder, dict) else None
    if isinstance(holder, dict):
        holder.pop(keys[-1], None)
