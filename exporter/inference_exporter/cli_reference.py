"""`reference diff` and `reference merge`."""

from __future__ import annotations

import argparse
import sys
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    _Actions = argparse._SubParsersAction[argparse.ArgumentParser]


def add(actions: _Actions, common: argparse.ArgumentParser) -> None:
    """Add both to the actions of `reference`."""
    diff = actions.add_parser(
        "diff", parents=[common], help="how far one profile is from another",
        description="Prints the drift statistics between two profiles, the largest change first, "
        "and what only one of them has. The bins are those of OLD.",
    )  # fmt: skip
    diff.add_argument("old", metavar="OLD", help="a profile made by `reference build`")
    diff.add_argument("new", metavar="NEW", help="another one")
    diff.set_defaults(function=_diff)
    merge = actions.add_parser(
        "merge", parents=[common], help="make one profile of the profiles of parts",
        description="Merges what `reference build --shard` made of parts of the data, in any "
        "order. Profiles without --shard can be merged if they have the same bins.",
    )  # fmt: skip
    merge.add_argument("parts", nargs="+", metavar="PART", help="shards, or profiles")
    merge.add_argument("--output", required=True, metavar="FILE", help="the profile to write")
    merge.set_defaults(function=_merge)


def _diff(options: argparse.Namespace) -> int:
    from inference_exporter import reference
    from inference_exporter.differences import difference

    old, new = reference.load(options.old), reference.load(options.new)
    sys.stdout.write(difference(old, new))
    return 0


def _merge(options: argparse.Namespace) -> int:
    from inference_exporter import reference

    parts = [reference.load_part(path) for path in options.parts]
    profile = reference.merge(parts, now=time.time())
    reference.save(profile, options.output)
    known = any(part.reference.performance for part in parts)
    sys.stdout.write(
        f"{options.output}: {profile.rows} rows, {len(profile.features)} features, "
        f"reference {profile.fingerprint}\n"
    )
    if known and not profile.performance:
        sys.stdout.write("the performance of plain profiles does not add up; use --shard\n")
    return 0
