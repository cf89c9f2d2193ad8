r"""Lines as a container runtime wraps them: Kubernetes' CRI, and Docker's json-file.

    2026-11-23T01:07:20.204955123Z stdout F {"age": 41}
    {"log":"{\"age\": 41}\n","stream":"stdout","time":"2026-11-23T01:07:20.204955123Z"}

Both cut long lines into pieces; see `pieces`. A block is of one file, so whether it is wrapped is
told from its first lines; where these are something else, such as what a full disk has left,
entries of a runtime among others are taken one by one. The time and the stream of the wrapper,
where they are asked for, go into the line itself.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Iterator
from itertools import accumulate, islice
from typing import Literal

import msgspec

from inference_exporter import _native
from inference_exporter.formats.peeling.arrays import entries_of
from inference_exporter.formats.peeling.pieces import Line, Piece, first_open, lines_of, untorn

Wrapper = Literal["cri", "docker"]
Style = Literal["none", "json", "logfmt", "text"]
Hold = Callable[[bytes], int]

_ROUNDS = 16  # of looks for where records end; after that everything waits
MARK = b"\x1d"  # "text" style: MARK time MARK stream MARK line; no log has this control character

_LOOK = 16  # lines: the first may be torn, after a full disk
_STREAM = len("stdout")  # and of stderr
WRAP_FACTS = ("$wrap.time", "$wrap.stream")

_CRI = re.compile(rb"^\0*(\d{4}-\d\d-\d\dT\S+) (stdout|stderr) ([PF])(?::\S*)? ?", re.MULTILINE)
_DOCKER = re.compile(rb'^\0*\{"log": ?"', re.MULTILINE)
_DOCKER_LINE = re.compile(rb'\\n", ?"(?:stream|attrs|time)"')


class _DockerLine(msgspec.Struct, forbid_unknown_fields=True):
    log: str
    stream: Literal["stdout", "stderr"]
    time: str
    attrs: dict[str, str] | None = None


_decode = msgspec.json.Decoder(_DockerLine).decode


def wrapper_of(block: bytes) -> Wrapper | None:
    r"""How a block is wrapped: as its first line is, or at least half of the first sixteen.

    >>> wrapper_of(b'0Z stdout F torn\n2026-11-23T01:07:20Z stdout F {}\n')
    'cri'
    """
    at, others = 0, 0
    found: list[Wrapper] = []
    for _ in range(_LOOK):
        end = block.find(b"\n", at) + 1 or len(block)
        kind = _kind(block, at, end)
        if kind is None:
            others += 1
        elif not others:
            return kind
        else:
            found.append(kind)
        at = end
        if at == len(block):
            break
    return found[0] if found and len(found) >= others else None


def _among_others(block: bytes) -> Wrapper | None:
    r"""Of which runtime a block has entries that are the lesser part of it.

    >>> _among_others(b'a\nb\n2026-11-23T01:07:20Z stdout F {}\n')
    'cri'
    """
    if _native.MODULE is not None and not _native.MODULE.may_be_wrapped(block):
        return None  # which three searches for words take thirty times as long to say
    if (b" stdout " in block or b" stderr " in block) and _CRI.search(block):
        return "cri"
    if b'{"log":' in block:
        for match in islice(_DOCKER.finditer(block), _LOOK):
            if _docker(block[match.start() : _end(block, match.end())]) is not None:
                return "docker"
    return None


def _end(block: bytes, at: int) -> int:
    return block.find(b"\n", at) + 1 or len(block)


def _kind(block: bytes, start: int, end: int) -> Wrapper | None:
    if _CRI.match(block, start, end):
        return "cri"
    if _DOCKER.match(block, start, end) and _docker(block[start:end]) is not None:
        return "docker"
    return None


def unwrap(block: bytes, wanted: str = "auto", style: Style = "none") -> bytes:
    r"""The lines inside; a block that is not wrapped stays as it is.

    >>> unwrap(b"2026-11-23T01:07:20.2Z stdout P {\"a\":\n2026-11-23T01:07:20.2Z stdout F  1}\n")
    b'{"a": 1}\n'
    """
    found, mixed = _found(block) if wanted == "auto" else (wanted, False)
    if found not in ("cri", "docker"):
        return block
    if found == "cri" and style == "none":
        plain = _plain_cri(block)
        if plain is not None:
            return plain
    return b"".join(_shown(line, style) for line in _lines_of(block, found, mixed))


def _found(block: bytes) -> tuple[Wrapper | None, bool]:
    """How a block is wrapped, and whether there are other lines that stay as they are."""
    found = wrapper_of(block)
    return (found, False) if found else (_among_others(block), True)


def wrap_facts(line: str) -> tuple[tuple[str | None, str | None], str]:
    """Time and stream of a line in "text" style, and the line."""
    parts = line.split(MARK.decode(), 3)
    if len(parts) < 4 or parts[0]:
        return (None, None), line
    return (parts[1], parts[2]), parts[3]


def held(lines: bytes, inside: Hold | None = None) -> int:
    r"""Where in a block what is to be held back begins: pieces whose last one is to come.

    `inside` says the same of the lines inside, and of a block that is not wrapped.

    >>> held(b"2026-11-23T01:07:20Z stdout F a\n2026-11-23T01:07:20Z stdout P b\n")
    32
    """
    found, mixed = _found(lines)
    if found is None:
        return len(lines) if inside is None else inside(lines)
    if inside is not None:
        return _held_inside(list(_lines_of(lines, found, mixed)), lines, inside)
    if found == "cri" and not _may_have_pieces(lines):
        return len(lines)
    if found == "docker" and len(_DOCKER_LINE.findall(lines)) == lines.count(b"\n"):
        return len(lines)
    return first_open(_lines_of(lines, found, mixed), len(lines))


def _held_inside(found: list[Line], lines: bytes, inside: Hold) -> int:
    """A line in pieces that is held back may begin within a record before it: again from there."""
    place = first_open(found, len(lines))
    for _ in range(_ROUNDS):
        within = [line for line in found if line.complete and line.last < place]
        contents = [_shown(line, "none") for line in within]
        ends = list(accumulate(map(len, contents)))
        kept = inside(b"".join(contents))
        back = within[bisect_left(ends, kept + 1) :]
        pieces = [(line.first, line.last) for line in within if line.first != line.last]
        before, place = place, untorn(pieces, min([place, *(line.first for line in back)]))
        if not back or place == before:
            return place
    return 0


def _may_have_pieces(block: bytes) -> bool:
    """Whether some line may be a piece; regular expressions would look at every byte for this."""
    return b" stdout P" in block or b" stderr P" in block


def _plain_cri(block: bytes) -> bytes | None:
    """The lines inside where all are whole; None where some are not, or are no such lines."""
    if _native.MODULE is not None:
        lines: bytes | None = _native.MODULE.unwrapped(block)
        return lines
    parts = [line.split(b" ", 3) for line in block.removesuffix(b"\n").split(b"\n")]
    try:
        if all([part[2] == b"F" and len(part[1]) == _STREAM for part in parts]):
            return b"\n".join([part[3] for part in parts]) + b"\n"
    except IndexError:
        pass
    return None


def _lines_of(block: bytes, wrapper: str, mixed: bool) -> Iterator[Line]:
    read = _cri if wrapper == "cri" else _docker
    if mixed:
        return lines_of((len(line), read(line) or _other(line)) for line in _split(block))
    return lines_of((len(line), read(line)) for line in _split(block))


def _other(line: bytes) -> Piece:
    """A line that is no entry of the runtime, as one: whole, and of no stream."""
    return Piece(b"", b"", True, line.rstrip(b"\r\n"))


def _split(block: bytes) -> list[bytes]:
    if b"\r" not in block:
        return block.splitlines(keepends=True)
    return [line + b"\n" for line in block.removesuffix(b"\n").split(b"\n")]


def _cri(line: bytes) -> Piece | None:
    match = _CRI.match(line)
    if match is None:
        return None
    return Piece(match[1], match[2], match[3] == b"F", line[match.end() :].rstrip(b"\r\n"))


def _docker(line: bytes) -> Piece | None:
    try:
        one = _decode(line.lstrip(b"\0"))
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    content = one.log.encode("utf-8", "replace")
    # Docker's own line ends are those of the lines inside: one entry is at most one line.
    inside = content.rstrip(b"\r\n").replace(b"\n", b" ")
    return Piece(one.time.encode(), one.stream.encode(), content.endswith(b"\n"), inside)


def _shown(line: Line, style: Style) -> bytes:
    """A line with what its wrapper says, in the way of the format that reads it."""
    if not line.known:
        return b"?\n"  # counted as a line that is not understood
    content = line.content
    if not line.stream:
        return content + b"\n"
    if style == "json":
        return _with_facts(content, line.time, line.stream)
    if style == "logfmt":
        return b"$wrap.time=%b $wrap.stream=%b %b\n" % (line.time, line.stream, content)
    if style == "text":
        return b"%b%b%b%b%b%b\n" % (MARK, line.time, MARK, line.stream, MARK, content)
    return content + b"\n"


def _with_facts(line: bytes, time: bytes, stream: bytes) -> bytes:
    """Every object of a JSON line with the facts of its wrapper."""
    facts = b'"$wrap.time":"%b","$wrap.stream":"%b"' % (time, stream)
    return b"".join(_with(facts, one) for one in entries_of(line))


def _with(facts: bytes, line: bytes) -> bytes:
    brace = line.find(b"{")
    if brace < 0:
        return line + b"\n"
    comma = b"" if line[brace + 1 :].lstrip()[:1] == b"}" else b","
    return b"".join((line[: brace + 1], facts, comma, line[brace + 1 :], b"\n"))
