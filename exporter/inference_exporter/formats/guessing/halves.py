"""Requests and responses that are lines of their own: told by a word, or by what they have."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from inference_exporter.formats.guessing.choose import choose
from inference_exporter.formats.guessing.inputs import choose_features
from inference_exporter.formats.guessing.kinds import values_by_path
from inference_exporter.formats.guessing.reading import Reading, Row, values_at
from inference_exporter.formats.guessing.yaml_text import quoted
from inference_exporter.formats.paths import walker

_KINDS = ("type", "kind", "event", "event_type", "phase", "direction")
_ASKED, _TOLD = ("request", "input"), ("response", "output", "reply", "answer", "result")
_IDS = ("correlation_id", "correlationid", "request_id", "requestid", "requestId", "id",
        "inference_id", "trace_id", "uuid")  # fmt: skip


_OVERLAP = (
    "requests and responses have no id in common, and overlap or are in files of their own, so"
    " nothing tells which belong together: log an id with both"
)


def paired(rows: Sequence[Row], *, one_file: bool = True) -> Reading:
    """Requests and responses with an id in common, joined; or in order, if they are in one file."""
    for path in _KINDS:
        words = {value for value in values_at(rows, path) if isinstance(value, str)}
        asked, told = _word(words, _ASKED), _word(words, _TOLD)
        if asked is None or told is None or asked == told:
            continue
        for one in _IDS:
            halves = _by_id(rows, path, asked, told, one)
            if halves is not None:
                says = [f"{{{quoted(path)}: {quoted(word)}}}" for word in (asked, told)]
                return Reading(halves, id=one, request=(says[0], says[1]))
        return _in_order(rows, path, asked, told, one_file)
    return _apart(rows) or Reading(list(rows))


def _in_order(rows: Sequence[Row], path: str, asked: str, told: str, one_file: bool) -> Reading:
    """Requests and responses with nothing in common: joined where each follows the other."""
    halves = [row for row in rows if row.get(path) in (asked, told)]
    pairs = list(zip(halves[::2], halves[1::2], strict=False))
    plain = all(first.get(path) == asked and second.get(path) == told for first, second in pairs)
    if not pairs or not plain or not one_file:
        return Reading(list(rows), note=_OVERLAP if pairs else "")
    together: list[Row] = [
        {"pair": "answered", "request": first, "response": second} for first, second in pairs
    ]
    says = [f"{{{quoted(path)}: {quoted(word)}}}" for word in (asked, told)]
    return Reading(together, request=(says[0], says[1]))


def _apart(rows: Sequence[Row]) -> Reading | None:
    """Lines with inputs and lines with an answer, which nothing tells but that."""
    values = values_by_path(rows)
    inputs = choose_features(values)
    if inputs is None:
        return None
    root = inputs.paths[0]
    outside = {p: v for p, v in values.items() if p != root and not p.startswith(f"{root}.")}
    chosen = choose(outside)
    answer = next((chosen[role].paths[0] for role in ("prediction", "score") if role in chosen), "")
    for one in _IDS if answer else ():
        asked, told = _sides(rows, one, root), _sides(rows, one, answer)
        met = asked.keys() & told.keys()
        if not met or any(asked[key] is told[key] for key in met) or len(met) < _SHARED * len(told):
            continue
        halves = [{"pair": "answered", "request": asked[k], "response": told[k]} for k in met]
        says = [f"{{{quoted(path)}: {{exists: true}}}}" for path in (root, answer)]
        return Reading(list(halves), id=one, request=(says[0], says[1]))
    return None


_SHARED = 0.5  # of the answers have their request in the sample


def _sides(rows: Sequence[Row], one: str, path: str) -> dict[str | int, Row]:
    """Rows that have something at a path, by their id; none where an id comes twice."""
    find, found = walker((path,)), dict[str | int, Row]()
    for row in rows:
        key = row.get(one)
        if isinstance(key, str | int) and find(dict(row)) is not None:
            if key in found:
                return {}
            found[key] = row
    return found


def _word(words: Iterable[str], parts: Sequence[str]) -> str | None:
    return next((word for word in sorted(words) if any(p in word.lower() for p in parts)), None)


def _by_id(rows: Sequence[Row], path: str, asked: str, told: str, one: str) -> list[Row] | None:
    known = [row for row in rows if isinstance(row.get(one), str | int) and row.get(one)]
    requests = {row[one]: row for row in known if row.get(path) == asked}
    pairs = [
        {"pair": "answered", "request": requests[row[one]], "response": row}
        for row in known
        if row.get(path) == told and row[one] in requests
    ]
    if not pairs or len(pairs) < 0.5 * sum(row.get(path) == told for row in rows):
        return None
    return list(pairs)
