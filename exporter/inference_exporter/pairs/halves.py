r"""Lines that are half of a prediction: a request, or the response to one.

    {"id": "7", "type": "request", "data": {"instances": [[6.1]]}}
    {"id": "7", "type": "response", "data": {"predictions": [0]}}

become, once they are joined by their id, one line with everything in it:

    {"pair": "answered", "id": "7", "request": {"id": "7", …}, "response": {"id": "7", …}}
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Literal

import msgspec

from inference_exporter.config.conditions import Wanted, holds
from inference_exporter.config.schema import ModelConfig
from inference_exporter.formats import peel_of
from inference_exporter.formats.base import Read
from inference_exporter.formats.json_lines import parse, why_not
from inference_exporter.formats.paths import UNUSABLE, scalar, walker
from inference_exporter.formats.redact import excerpt
from inference_exporter.formats.steps import function_of
from inference_exporter.pairs.sides import TextSide
from inference_exporter.pairs.skim import Skim, Skimmed
from inference_exporter.values.batch import category_name

Side = Literal["request", "response"]
Outcome = Literal["answered", "unanswered", "unasked"]

_decode = msgspec.json.Decoder(dict[str, object]).decode
_encode = msgspec.json.Encoder().encode
_UNDECODABLE = (msgspec.MsgspecError, UnicodeDecodeError, RecursionError)


class Half(msgspec.Struct, gc=False):
    """One line: which half of which prediction, and its object as it was written."""

    side: Side
    id: str
    body: bytes


class HalfReader:
    """Tells halves apart and finds their ids."""

    _other: Side
    _of_text: _Conditions

    def __init__(self, model: ModelConfig) -> None:
        pairs = model.pairs
        assert pairs is not None
        self._peel = peel_of(model)
        find, convert = walker(pairs.id.paths), function_of(pairs.id.convert)
        self._id = (lambda line: convert(find(line))) if pairs.id.convert else find
        self._paths = ", ".join(pairs.id.paths)
        asked, told = _conditions(pairs.request), _conditions(pairs.response)
        self._rest: Side | None = "request" if told and not asked else "response"
        if told and asked:
            self._rest = None
        self._text: TextSide | None = None
        if (lines := pairs.response_lines) is not None:
            self._text, self._other, self._of_text, told = TextSide(lines), "response", told, []
            self._rest = None if asked else "request"
        elif (lines := pairs.request_lines) is not None:
            self._text, self._other, self._of_text, asked = TextSide(lines), "request", asked, []
            self._rest = None if told else "response"
        self._request, self._response = asked, told
        self._skim = Skim(pairs)
        self._ordered = pairs.by == "order"

    def read(self, block: bytes) -> tuple[list[Half], Read]:
        """The halves among whole lines, and what became of all lines."""
        halves: list[Half] = []
        read = Read()
        block = self._peel(block, arrays=True)
        skimmed = self._skim.read(block)
        if skimmed is None:
            for line in block.split(b"\n"):
                if line:
                    self._one(line, halves, read)
        else:
            self._skimmed(block, skimmed, halves, read)
        return halves, read

    def _skimmed(self, block: bytes, skimmed: Skimmed, halves: list[Half], read: Read) -> None:
        """What `_one` makes of every line, where all are objects as they are expected."""
        ids, asked, told = skimmed
        none = [False] * len(ids)
        sides: list[Side | None] = [
            "request" if first else "response" if second else self._rest
            for first, second in zip(asked or none, told or none, strict=True)
        ]
        lines = block.split(b"\n")
        for line, side, one in zip(lines, sides, ids, strict=False):  # behind the last is nothing
            if side is None:
                read.count("filtered")
            elif self._ordered:
                halves.append(Half(side, "", line.rstrip()))
            elif one is None:
                read.bad("malformed", self._without_id, excerpt(line))
            else:
                halves.append(Half(side, one, line.rstrip()))
        if halves:
            read.count("half", len(halves))

    @property
    def _without_id(self) -> str:
        return f"half of a pair without an id at {self._paths}"

    def _one(self, line: bytes, halves: list[Half], read: Read) -> None:
        if self._text is not None and not line.startswith(b"{"):
            values = self._text.values(line)
            if values is not None or b"{" not in line:  # else: text before an object
                self._other_side(self._text, values, line, halves, read)
                return
        body = line[max(line.find(b"{"), 0) :]
        found = _object(body)
        if found is None:
            if line.strip():
                read.bad("malformed", why_not(line), excerpt(line))
            else:
                read.count("empty")
            return
        side = self._side(found)
        if side is None:
            read.count("filtered")
            return
        one = "" if self._ordered else scalar(self._id(found))
        if one is None or one == UNUSABLE:
            read.bad("malformed", self._without_id, excerpt(line))
            return
        read.count("half")
        halves.append(Half(side, category_name(one), body.rstrip()))  # type: ignore[arg-type]

    def _other_side(
        self,
        text: TextSide,
        found: dict[str, object] | None,
        line: bytes,
        halves: list[Half],
        read: Read,
    ) -> None:
        """A line that is no JSON: of the side that has a format of its own, or of none."""
        if found is None:
            if line.strip():
                read.bad("unmatched", "not a line of either side of a pair", excerpt(line))
            else:
                read.count("empty")
        elif not _holds(self._of_text, found):
            read.count("filtered")
        elif (one := text.id(found)) is None or one == UNUSABLE:
            read.bad("malformed", "half of a pair without an id", excerpt(line))
        else:
            read.count("half")
            body = msgspec.json.encode(found)
            halves.append(Half(self._other, category_name(one), body))  # type: ignore[arg-type]

    def _side(self, line: Mapping[str, object]) -> Side | None:
        """Which half a line is; None: neither."""
        if self._request and _holds(self._request, line):
            return "request"
        if self._response and _holds(self._response, line):
            return "response"
        return self._rest


def listed(bodies: Sequence[bytes]) -> bytes | None:
    """The lines of a request that is several rows, as a list; None if there are none."""
    return b"[%b]" % b",".join(bodies) if bodies else None


def joined(one: str | None, request: bytes | None, response: bytes | None) -> bytes:
    r"""Both halves as one line with their id; one of them may be missing.

    >>> joined("7", b'{"a": 1}', None)
    b'{"pair":"unanswered","id":"7","request":{"a": 1},"response":null}\n'
    """
    outcome = b"answered" if request and response else b"unanswered" if request else b"unasked"
    return b'{"pair":"%b","id":%b,"request":%b,"response":%b}\n' % (
        outcome, _encode(one), request or b"null", response or b"null",
    )  # fmt: skip


_Conditions = list[tuple[Callable[[object], object], Callable[[object], bool]]]


def _conditions(wanted: Mapping[str, Wanted]) -> _Conditions:
    return [(walker((path,)), holds(one)) for path, one in wanted.items()]


def _holds(conditions: _Conditions, line: Mapping[str, object]) -> bool:
    for find, wanted in conditions:  # noqa: SIM110 - `all` of a generator takes twice as long
        if not wanted(scalar(find(line))):
            return False
    return True


def _object(body: bytes) -> dict[str, object] | None:
    try:
        return _decode(body)
    except _UNDECODABLE:
        return parse(body)
