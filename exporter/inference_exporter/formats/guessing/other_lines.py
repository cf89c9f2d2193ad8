"""What tells predictions from the other lines of a log: its start, its errors, labels that follow.

A line without a prediction that has inputs, a status or a latency is a request that failed, and
counts. One that has none of them is no request at all.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from inference_exporter.formats.guessing.choose import Choice
from inference_exporter.formats.guessing.yaml_text import quoted
from inference_exporter.formats.paths import walker

_WORDS = (
    "event", "message", "msg", "kind", "type", "event_type", "log_type", "record_type", "action",
    "event_name", "name", "logger", "logger_name", "$prefix.logger", "funcName", "function",
    "record.message", "record.function", "level",
)  # fmt: skip
_ANSWERS = ("prediction", "scores", "score", "ranking")

Row = Mapping[str, object]


@dataclass(frozen=True, slots=True)
class Lines:
    """Settings beside the fields, as YAML lines, and the rows that are predictions.

    `labels`: the truth is in lines of its own.
    """

    settings: tuple[str, ...] = ()
    rows: Sequence[Row] = ()
    labels: bool = False


def other_lines(
    rows: Sequence[Row], chosen: Mapping[str, Choice], inputs: Sequence[str] = ()
) -> Lines:
    """The settings that leave out what is no prediction; `inputs` are where those of one are."""
    role = next((role for role in _ANSWERS if role in chosen), None)
    if role is None:
        return Lines()
    found = [_has(row, chosen[role].paths) for row in rows]
    carriers = [row for row, has in zip(rows, found, strict=True) if has]
    rest = [row for row, has in zip(rows, found, strict=True) if not has]
    asked = [one for name in ("latency", "status") if name in chosen for one in chosen[name].paths]
    asked += inputs
    if not rest or not carriers or (asked and any(_has(row, asked) for row in rest)):
        return Lines()
    told = _word(carriers, rest)
    if told is None:
        path = chosen[role].paths[0]
        condition = f"when: {{{quoted(path)}: {{exists: true}}}}"
        return Lines((f"{condition}  # guessed: other lines of the log are left out",), carriers)
    path, word = told
    when = f"when: {{{quoted(path)}: {quoted(word)}}}"
    labels = tuple(_labels(rest, path, chosen))
    settings = (f"{when}  # guessed: other lines of the log are left out", *labels)
    return Lines(settings, carriers, bool(labels))


def _has(row: Row, paths: Sequence[str]) -> bool:
    return walker(tuple(paths))(dict(row)) is not None


def _word(carriers: Sequence[Row], rest: Sequence[Row]) -> tuple[str, str] | None:
    """A path, and the value there that all predictions have and no other line."""
    for path in _WORDS:
        find = walker((path,))
        words = {_text(find(dict(row))) for row in carriers}
        word = words.pop() if len(words) == 1 else None
        if word is not None and all(_text(find(dict(row))) != word for row in rest):
            return path, word
    return None


def _text(value: object) -> str | None:
    fine = isinstance(value, str) and value.isprintable() and 0 < len(value) <= 60
    return value if isinstance(value, str) and fine else None


def _labels(rest: Sequence[Row], path: str, chosen: Mapping[str, Choice]) -> Iterator[str]:
    """Labels that are lines of their own, with the id of their prediction."""
    if "id" not in chosen or "actual" not in chosen:
        return
    known, truth = chosen["id"].paths, chosen["actual"].paths
    labelled = [row for row in rest if _has(row, truth) and _has(row, known)]
    find = walker((path,))
    words = {_text(find(dict(row))) for row in labelled}
    if len(words) != 1 or (word := words.pop()) is None:
        return
    yield "labels:  # guessed: the truth comes later, in lines of its own"
    yield "  same_log: true"
    yield f"  when: {{{quoted(path)}: {quoted(word)}}}"
    yield f"  id: {quoted(known[0])}"
    yield f"  actual: {quoted(truth[0])}"
    if "timestamp" in chosen and all(_has(row, chosen["timestamp"].paths) for row in labelled):
        one = chosen["timestamp"]
        unit = f"{{from: {quoted(one.paths[0])}, unit: {one.unit}}}"
        yield f"  timestamp: {quoted(one.paths[0]) if one.unit in (None, 's') else unit}"
