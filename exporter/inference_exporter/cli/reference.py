"""`reference build`, `show`, `diff` and `merge`."""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Sequence
from typing import TYPE_CHECKING

from inference_exporter.cli.terminal import Progress, say
from inference_exporter.errors import UsageError

if TYPE_CHECKING:
    from inference_exporter.cli.terminal import Commands
    from inference_exporter.config.schema import ModelConfig

_EXAMPLES = """\
examples:
  inference-exporter reference build train.csv --output=reference.json
  inference-exporter reference show reference.json
  inference-exporter reference diff reference.json new.json
  inference-exporter reference merge part1.json part2.json --output=reference.json
"""
_BUILD = """\
examples:
  inference-exporter reference build train.csv --output=reference.json
  inference-exporter reference build logs/2026-10-*.jsonl.gz --output=reference.json
  inference-exporter reference build new.parquet --edges-from=reference.json --output=new.json
  inference-exporter reference build part1.csv --shard --output=part1.json

Then name it in the configuration, under the model: reference: reference.json
"""
_SHOW = """\
examples:
  inference-exporter reference show reference.json
"""
_DIFF = """\
examples:
  inference-exporter reference diff reference.json new.json
"""
_MERGE = """\
examples:
  inference-exporter reference merge part1.json part2.json --output=reference.json
"""


def add(
    commands: Commands, common: argparse.ArgumentParser, configured: argparse.ArgumentParser
) -> None:
    """Add the command and its actions."""
    reference = commands.add_parser(
        "reference", help="build, show, compare or merge reference profiles: what normal is",
        description="A reference profile fixes the bins and the normal shares that live data is "
        "compared with.",
        epilog=_EXAMPLES,
    )  # fmt: skip
    actions = reference.add_subparsers(required=True, metavar="ACTION")
    build = actions.add_parser(
        "build", parents=[common, configured], help="make a profile from a table",
        description="Reads CSV, JSON lines (.gz too) or Parquet in constant memory. In a flat "
        "table the columns named like the configured fields are outputs, labels and ids; the rest "
        "are features.",
        epilog=_BUILD,
    )  # fmt: skip
    build.add_argument("data", nargs="+", metavar="DATA", help="files of one table")
    build.add_argument("--output", required=True, metavar="FILE", help="the profile to write")
    build.add_argument("--model", metavar="NAME", help="the model, where the config has several")
    build.add_argument(
        "--edges-from", dest="edges_from", metavar="FILE",
        help="a profile or shard whose bins to use, so that counts can be added",
    )  # fmt: skip
    build.add_argument(
        "--shard", action="store_true",
        help="write what `reference merge` needs, to be merged with those of other parts",
    )  # fmt: skip
    build.set_defaults(function=_reference_build)
    _add_diff(actions, common)
    _add_merge(actions, common)
    show = actions.add_parser(
        "show", parents=[common], help="print a profile as tables with bars",
        description="Prints a profile as tables with bars.",
        epilog=_SHOW,
    )  # fmt: skip
    show.add_argument("file", metavar="FILE", help="a profile made by `reference build`")
    show.set_defaults(function=_reference_show)


def _add_diff(actions: Commands, common: argparse.ArgumentParser) -> None:
    diff = actions.add_parser(
        "diff", parents=[common], help="how far one profile is from another",
        description="Prints the drift statistics between two profiles, the largest change first, "
        "and what only one of them has. The bins are those of OLD.",
        epilog=_DIFF,
    )  # fmt: skip
    diff.add_argument("old", metavar="OLD", help="a profile made by `reference build`")
    diff.add_argument("new", metavar="NEW", help="another one")
    diff.set_defaults(function=_diff)


def _add_merge(actions: Commands, common: argparse.ArgumentParser) -> None:
    merge = actions.add_parser(
        "merge", parents=[common], help="make one profile of the profiles of parts",
        description="Merges what `reference build --shard` made of parts of the data, in any "
        "order. Profiles without --shard can be merged if they have the same bins.",
        epilog=_MERGE,
    )  # fmt: skip
    merge.add_argument("parts", nargs="+", metavar="PART", help="shards, or profiles")
    merge.add_argument("--output", required=True, metavar="FILE", help="the profile to write")
    merge.set_defaults(function=_merge)


def _reference_build(options: argparse.Namespace) -> int:
    from inference_exporter import config as configuration
    from inference_exporter import reference

    config = configuration.load(options.config_file)
    model = _one_model(config.models, options)
    bins = None
    if options.edges_from:
        bins = reference.load_part(options.edges_from).reference
    with Progress(sys.stderr) as progress:
        shard = reference.build_shard(
            options.data, model, now=time.time(), progress=progress.show, bins=bins
        )
    profile = shard.reference
    data = reference.dump_shard(shard) if options.shard else reference.dumps(profile)
    reference.write(data, options.output)
    say(
        f"{options.output}: {profile.rows} rows, {len(profile.features)} features, "
        f"reference {profile.fingerprint}"
    )
    if profile.importance is None and profile.features:
        say("importance of features: not measured, for want of a score or a predicted number")
    for doubt in reference.doubts(profile):
        say(f"warning: {doubt}")
    for sentence in reference.advice(profile):
        say(sentence)
    return 0


def _reference_show(options: argparse.Namespace) -> int:
    from inference_exporter import reference

    say(reference.show(reference.load(options.file)))
    return 0


def _diff(options: argparse.Namespace) -> int:
    from inference_exporter import reference
    from inference_exporter.cli.differences import difference

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
    if profile.importance is None and any(part.reference.importance for part in parts):
        sys.stdout.write(
            "the importance of features does not add up: build the parts with --shard and the same "
            "--edges-from\n"
        )
    return 0


def _one_model(models: Sequence[ModelConfig], options: argparse.Namespace) -> ModelConfig:
    names = [model.name for model in models]
    if options.model is None and len(models) > 1:
        raise UsageError(f"the configuration has several models: add --model={'|'.join(names)}")
    wanted = options.model or names[0]
    if wanted not in names:
        raise UsageError(f"--model={wanted}: the configuration has {', '.join(names)}")
    return models[names.index(wanted)]
