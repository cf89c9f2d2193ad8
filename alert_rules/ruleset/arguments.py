"""What the generators of rules and of dashboards are told alike."""

from __future__ import annotations

import argparse

from alert_rules.ruleset import names


def add_keep(parser: argparse.ArgumentParser) -> None:
    """`--keep`: the same for both, or panels ask for series that no rule records."""
    parser.add_argument(
        "--keep",
        type=names.listed,
        default=names.KEEP,
        metavar="LABELS",
        help="what tells deployments apart, such as namespace,job",
    )
