"""How many files may be open: the system's limit is for the web server and the state as well."""

from __future__ import annotations

import resource

_KEPT = 24  # at least: listening, a few clients, the database, the log


def share(wanted: int, sources: int) -> int:
    """The files that one of so many sources may have open, at most as many as are `wanted`.

    A quarter of what the system allows this process is left for others: with the last descriptor
    in a log file, nobody could ask for the metrics any more.
    """
    allowed, _ = resource.getrlimit(resource.RLIMIT_NOFILE)
    if allowed == resource.RLIM_INFINITY:
        return wanted
    left = allowed - max(_KEPT, allowed // 4)
    return max(1, min(wanted, left // max(1, sources)))
