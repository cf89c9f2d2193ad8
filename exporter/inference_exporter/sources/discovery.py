"""Which files there are: patterns to names, with a listing per folder and no recursion.

A pattern is a path whose parts may hold `*`, `?` and `[…]`; a part with a wildcard does not match
names that begin with a dot unless it does so itself. Only regular files count; symbolic links
are followed. A plain path costs one `stat`. Names that a pattern of `exclude` matches are as good
as not there.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import translate
from pathlib import PurePosixPath

_MAGIC = re.compile(r"[*?[]")

Problem = tuple[str, str]  # (path, reason)


@dataclass(slots=True)
class Listing:
    """What the patterns lead to at the moment.

    `partial`: something could not be looked at, so that a name which is missing may still exist.
    """

    files: dict[str, os.stat_result] = field(default_factory=dict)
    waiting_for: list[str] = field(default_factory=list)
    problems: list[Problem] = field(default_factory=list)
    partial: bool = False


def reason_of(error: OSError) -> str:
    """The closed set of reasons why a file cannot be read."""
    if error.errno in (errno.EACCES, errno.EPERM):
        return "permission"
    if error.errno in (errno.EMFILE, errno.ENFILE):
        return "too_many_open"
    return "io"


def gone(error: OSError) -> bool:
    """Whether the name is simply not there."""
    return error.errno in (errno.ENOENT, errno.ENOTDIR, errno.ELOOP)


class Discovery:
    """Lists the files of some patterns."""

    def __init__(self, patterns: Sequence[str], limit: int, exclude: Sequence[str] = ()) -> None:
        self._patterns = tuple(os.path.abspath(pattern) for pattern in patterns)  # noqa: PTH100 - globs
        self._limit, self._exclude = limit, tuple(exclude)

    def plain(self) -> tuple[str, ...]:
        """The patterns that name a single file, there or not."""
        return tuple(pattern for pattern in self._patterns if not _MAGIC.search(pattern))

    def list(self) -> Listing:
        """Look now."""
        listing = Listing()
        for pattern in self._patterns:
            self._expand(pattern, listing)
        return listing

    def _expand(self, pattern: str, listing: Listing) -> None:
        before = len(listing.files)
        if not _MAGIC.search(pattern) or os.path.lexists(pattern):  # a name may look like a pattern
            found = self._add(pattern, listing)
        else:
            names = list(_walk("/", pattern.split("/")[1:], listing))
            found = any([self._add(name, listing) for name in names])
        if not found and len(listing.files) == before:
            listing.waiting_for.append(_first_missing(pattern))

    def _add(self, path: str, listing: Listing) -> bool:
        if path in listing.files:
            return True
        if any(PurePosixPath(path).match(pattern) for pattern in self._exclude):
            return False
        try:
            facts = os.stat(path)  # noqa: PTH116 - one call per file and second
        except OSError as error:
            if not gone(error):
                listing.problems.append((path, reason_of(error)))
                listing.partial = True
            return False
        if not stat.S_ISREG(facts.st_mode):
            return False
        if len(listing.files) >= self._limit:
            listing.problems.append((path, "too_many_files"))
            return False
        listing.files[path] = facts
        return True


def _walk(folder: str, parts: Sequence[str], listing: Listing) -> Iterator[str]:
    """Paths under `folder` that match the parts; folders that cannot be listed are noted."""
    plain = 0
    while plain < len(parts) and not _MAGIC.search(parts[plain]):
        plain += 1
    folder = os.path.join(folder, *parts[:plain])  # noqa: PTH118 - text in, text out
    if plain == len(parts):
        yield folder
        return
    for name in _matching(folder, parts[plain], listing):
        path = os.path.join(folder, name)  # noqa: PTH118
        if plain + 1 == len(parts):
            yield path
        else:
            yield from _walk(path, parts[plain + 1 :], listing)


def _matching(folder: str, part: str, listing: Listing) -> Sequence[str]:
    wanted = re.compile(translate(part)).match
    hidden = part.startswith(".")
    return [
        name
        for name in list_names(folder, listing)
        if wanted(name) and (hidden or not name.startswith("."))
    ]


def list_names(folder: str, listing: Listing) -> Sequence[str]:
    """Names in the folder in order; none where it is missing; noted where it cannot be listed."""
    try:
        with os.scandir(folder) as entries:
            return sorted(entry.name for entry in entries)
    except OSError as error:
        if not gone(error):
            listing.problems.append((folder, reason_of(error)))
            listing.partial = True
        return ()


def _first_missing(pattern: str) -> str:
    """The first folder on the way that is not there, or the pattern itself."""
    path = "/"
    for part in pattern.split("/")[1:-1]:
        if _MAGIC.search(part):
            break
        path = os.path.join(path, part)  # noqa: PTH118
        if not os.path.isdir(path):  # noqa: PTH112
            return path + "/"
    return pattern
