r"""Lines as a container runtime wraps them: Kubernetes' CRI, and Docker's json-file.

    2026-11-23T01:07:20.204955123Z stdout F {"age": 41}
    {"log":"{\"age\": 41}\n","stream":"stdout","time":"2026-11-23T01:07:20.204955123Z"}

Both cut long lines into pieces; the pieces of one stream are joined, those of others may stand
between them. Whether a block is wrapped is told from its first line: a block is of one file. The
time and the stream of the wrapper, where they are asked for, go into the line itself.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from typing import Literal

import msgspec

Wrapper = Literal["cri", "docker"]
Style = Literal["none", "json", "logfmt", "text"]

MARK = b"\x1d"  # "text" style: MARK time MARK stream MARK line; no log has this control character

_STREAM = len("stdout")  # and of stderr
WRAP_FACTS = ("$wrap.time", "$wrap.stream")

_CRI = re.compile(rb"(\d{4}-\d\d-\d\dT\S+) (stdout|stderr) ([PF])(?::\S*)? ?")
_DOCKER = re.compile(rb'\{"log": ?"')
_DOCKER_LINE = re.compile(rb'\\n", ?"(?:stream|attrs|time)"')


class _DockerLine(msgspec.Struct):
    log: str
    stream: str
    time: str


_decode = msgspec.json.Decoder(_DockerLine).decode


def wrapper_of(block: bytes) -> Wrapper | None:
    """How a block is wrapped, by its first line."""
    first = block[: block.find(b"\n") + 1] or block
    if _CRI.match(first):
        return "cri"
    if _DOCKER.match(first) and _docker(first) is not None:
        return "docker"
    return None


def unwrap(block: bytes, wanted: str = "auto", style: Style = "none") -> bytes:
    r"""The lines inside; a block that is not wrapped stays as it is.

    >>> unwrap(b"2026-11-23T01:07:20.2Z stdout P {\"a\":\n2026-11-23T01:07:20.2Z stdout F  1}\n")
    b'{"a": 1}\n'
    """
    found = wrapper_of(block) if wanted == "auto" else wanted
    if found == "cri":
        plain = _plain_cri(block) if style == "none" else None
        if plain is not None:
            return plain
        return b"".join(_joined(map(_cri, _lines(block)), style))
    if found == "docker":
        return b"".join(_joined(map(_docker, _lines(block)), style))
    return block


def wrap_facts(line: str) -> tuple[tuple[str | None, str | None], str]:
    """Time and stream of a line in "text" style, and the line."""
    parts = line.split(MARK.decode(), 3)
    if len(parts) < 4 or parts[0]:
        return (None, None), line
    return (parts[1], parts[2]), parts[3]


def held(lines: bytes) -> int:
    r"""Where in a block the first piece begins whose line is not complete: what is to be held back.

    >>> held(b"2026-11-23T01:07:20Z stdout F a\n2026-11-23T01:07:20Z stdout P b\n")
    32
    """
    found = wrapper_of(lines)
    if found is None or (found == "cri" and not _may_have_pieces(lines)):
        return len(lines)
    if found == "docker" and len(_DOCKER_LINE.findall(lines)) == lines.count(b"\n"):
        return len(lines)
    return _open_from(lines, _cri if found == "cri" else _docker)


def _may_have_pieces(block: bytes) -> bool:
    """Whether some line may be a piece; regular expressions would look at every byte for this."""
    return b" stdout P" in block or b" stderr P" in block


def _plain_cri(block: bytes) -> bytes | None:
    """The lines inside where all are whole; None where some are not, or are no such lines."""
    parts = [line.split(b" ", 3) for line in block.removesuffix(b"\n").split(b"\n")]
    try:
        if all([part[2] == b"F" and len(part[1]) == _STREAM for part in parts]):
            return b"\n".join([part[3] for part in parts]) + b"\n"
    except IndexError:
        pass
    return None


def _open_from(lines: bytes, read: Callable[[bytes], _Piece | None]) -> int:
    """The last place before any piece that is not complete at which no line is in pieces."""
    begun: dict[bytes, int] = {}
    whole: list[tuple[int, int]] = []  # where lines in pieces begin, and where their last piece is
    at = 0
    for line in _lines(lines):
        piece = read(line)
        if piece is not None:
            _, stream, complete, _ = piece
            if not complete:
                begun.setdefault(stream, at)
            elif stream in begun:
                whole.append((begun.pop(stream), at))
        at += len(line)
    place = min(begun.values(), default=len(lines))
    for first, last in sorted(whole, reverse=True):
        if first < place <= last:
            place = first
    return place


_Piece = tuple[bytes, bytes, bool, bytes]  # time, stream, whether it ends its line, content


def _lines(block: bytes) -> list[bytes]:
    return block.splitlines(keepends=True) if b"\r" not in block else _by_newline(block)


def _by_newline(block: bytes) -> list[bytes]:
    return [line + b"\n" for line in block.removesuffix(b"\n").split(b"\n")]


def _cri(line: bytes) -> _Piece | None:
    match = _CRI.match(line)
    if match is None:
        return None
    return match[1], match[2], match[3] == b"F", line[match.end() :].rstrip(b"\r\n")


def _docker(line: bytes) -> _Piece | None:
    try:
        one = _decode(line)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return None
    content = one.log.encode("utf-8", "replace")
    complete = content.endswith(b"\n")
    # Docker's own line ends are those of the lines inside: one entry is at most one line.
    return (
        one.time.encode(), one.stream.encode(), complete,
        content.rstrip(b"\r\n").replace(b"\n", b" "),
    )  # fmt: skip


def _joined(pieces: Iterable[_Piece | None], style: Style) -> Iterator[bytes]:
    """Whole lines; a line that is not wrapped is as good as empty space."""
    begun: dict[bytes, list[bytes]] = {}
    times: dict[bytes, bytes] = {}
    for piece in pieces:
        if piece is None:
            yield b"?\n"  # counted as a line that is not understood
            continue
        time, stream, complete, content = piece
        if not complete:
            begun.setdefault(stream, []).append(content)
            times.setdefault(stream, time)
            continue
        if stream in begun:
            content = b"".join([*begun.pop(stream), content])
            time = times.pop(stream)
        yield _with_facts(content, time, stream, style) + b"\n"
    for stream, parts in begun.items():  # given up: its end never came
        yield _with_facts(b"".join(parts), times[stream], stream, style) + b"\n"


def _with_facts(line: bytes, time: bytes, stream: bytes, style: Style) -> bytes:
    if style == "none":
        return line
    if style == "logfmt":
        return b"$wrap.time=%b $wrap.stream=%b %b" % (time, stream, line)
    if style == "text":
        return b"%b%b%b%b%b%b" % (MARK, time, MARK, stream, MARK, line)
    brace = line.find(b"{")
    if brace < 0:
        return line
    facts = b'"$wrap.time":"%b","$wrap.stream":"%b"' % (time, stream)
    comma = b"" if line[brace + 1 :].lstrip()[:1] == b"}" else b","
    return b"".join((line[: brace + 1], facts, comma, line[brace + 1 :]))
