"""Was this file read before, under another name or as another file? Decides where to begin.

In this order: a promise that fits (of a former run, or of a file that was renamed, copied or cut
before) - go on there; the same bytes as a file that is followed now - it is a copy, not read as
long as its original can be; an older copy of a file that was cut - all of it was read; else new.
"""

from __future__ import annotations

import logging
import os

from inference_exporter.sources.compressed import CompressedReader
from inference_exporter.sources.framing import TAIL
from inference_exporter.sources.identity import Candidate, line_start
from inference_exporter.sources.reader import FileReader
from inference_exporter.sources.table import Table

log = logging.getLogger("inference_exporter.sources")


def adopt(table: Table, reader: FileReader) -> bool:
    """Place the reader if its content was met before; False if it is new to us."""
    candidate = Candidate(reader.fd)
    original = _original(table, reader, candidate)  # first: finds out which files were cut
    promise = candidate.best(table.promises())
    if table.archive.covers(candidate):
        reader.place_at(candidate.size)
    elif promise is not None and (original is None or original.offset < promise.offset):
        reader.resume(promise)
        table.claimed[promise] = reader
    elif original is not None:
        _compare(table, reader, original, candidate)
    else:
        return False
    return True


def adopt_compressed(table: Table, reader: CompressedReader) -> bool | None:
    """As `adopt`, for what is in the file; None: ask again later."""
    for record in table.promises():
        if record.done and record.key == reader.key and not reader.is_newer_than(record):
            reader.resume_done(record)
            return True
    head = reader.first_bytes()
    if head is None:
        return None
    if any(other.can_be_copied() and other.begins_with(head) for other in table.readers.values()):
        return None  # made of a file that is still followed; that one will leave a promise
    return reader.check(head, table.promises())


def review(table: Table, reader: FileReader) -> None:
    """Look again at a copy: is it still one, and can its original still be read?"""
    original = reader.shadows
    if original is None:
        return
    if original.fd < 0 and table.readers.get(original.key) is original:
        table.reopen(original)
    candidate = Candidate(reader.fd)  # before the original, which only grows
    if not _ends_with(candidate, reader.copied, reader.copied_tail):
        table.cut(reader, "shrunk" if candidate.size < reader.copied else "rewritten")
        return
    if _is_followed(table, reader, original):
        _compare(table, reader, original, candidate)
        return
    ended = original.generation == reader.copied_generation  # given up, not cut
    delivered = min(reader.copied, original.offset) if ended else reader.offset
    reader.undecided = True
    if not adopt(table, reader):
        whole = delivered == candidate.size
        reader.place_at(delivered if whole else _line_start(reader, delivered))


def keep_up(reader: FileReader) -> None:
    """Let the promise for a copy say what its original has delivered by now."""
    original = reader.shadows
    if original is None or original.generation != reader.copied_generation:
        return
    copied, delivered = reader.copied, min(reader.copied, original.offset)
    if delivered > reader.offset and _ends_with(Candidate(reader.fd), copied, reader.copied_tail):
        reader.place_at(delivered)
        reader.shadows, reader.copied = original, copied


def _is_followed(table: Table, reader: FileReader, original: FileReader) -> bool:
    if table.readers.get(original.key) is not original or original.fd < 0:
        return False
    if original.generation == reader.copied_generation and not original.intact():
        table.cut(original, "rewritten")
    return original.generation == reader.copied_generation


def _compare(table: Table, reader: FileReader, original: FileReader, candidate: Candidate) -> None:
    """Follow the original while it has all that is in the copy, else what the copy has beyond.

    What both have is left to the original, and waited for, so that no promise says too much.
    """
    shared = _shared(original, candidate)
    agreed = max(shared, reader.copied)
    start = _line_start(reader, agreed)
    if shared < candidate.size and start <= original.offset:
        other = _original(table, reader, candidate)
        if other is None or other is original or _shared(other, candidate) <= agreed:
            reader.place_at(start)
            return
        reader.copied, original = agreed, other  # a copy of a copy, which goes further
        agreed = _shared(other, candidate)
    if reader.shadows is not original:
        log.info("%s is a copy of %s", reader.path, original.path)
    delivered = min(agreed, original.offset)
    if reader.undecided or reader.offset != delivered:
        reader.place_at(delivered)
    reader.shadows = original
    reader.copied, reader.copied_generation = agreed, original.generation
    reader.copied_tail = candidate.at(max(0, agreed - TAIL), min(TAIL, agreed))


def _ends_with(candidate: Candidate, offset: int, tail: bytes) -> bool:
    return candidate.at(offset - len(tail), len(tail)) == tail


def _line_start(reader: FileReader, offset: int) -> int:
    return line_start(reader.fd, offset, reader.framer.limit) or 0


def _original(table: Table, reader: FileReader, candidate: Candidate) -> FileReader | None:
    found: list[tuple[int, int, FileReader]] = []
    for other in list(table.readers.values()):
        if other is reader or not other.can_be_copied() or not other.begins_like(candidate):
            continue
        if other.fd < 0 and not table.reopen(other):
            continue
        if not other.intact():
            table.cut(other, "rewritten")
        elif shared := _shared(other, candidate):
            found.append((shared, other.offset, other))
    return max(found, key=lambda entry: entry[:2])[2] if found else None


def _shared(original: FileReader, candidate: Candidate) -> int:
    """How far the copy agrees with the original: to the end of the shorter one, or not at all."""
    length = min(candidate.size, os.fstat(original.fd).st_size)
    begin = max(0, length - TAIL)
    same = candidate.at(begin, length - begin) == os.pread(original.fd, length - begin, begin)
    return length if same else 0
