"""Taking up committed state: what can be used, and what is to be deleted."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import msgspec


def restored(
    state: Mapping[str, bytes], prefix: str, take: Callable[[str, bytes], bool]
) -> tuple[list[str], set[str]]:
    """A sentence for each value that could not be used, and the keys that are to be deleted.

    `take` is called with every key that begins with `prefix` and its value. It says False to what
    is of another configuration, which is no problem but is deleted as well; it raises ValueError or
    msgspec.MsgspecError where a value is broken.
    """
    problems: list[str] = []
    unusable: set[str] = set()
    for key, value in state.items():
        if key.startswith(prefix):
            try:
                if not take(key, value):
                    unusable.add(key)
            except (ValueError, msgspec.MsgspecError) as error:
                problems.append(f"{key}: {error}")
                unusable.add(key)
    return problems, unusable
