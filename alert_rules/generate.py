"""Write the rule files of this folder anew; `--check` only says whether they are fresh.

    python -m alert_rules.generate [--check] [--output FOLDER] [--runbooks URL] [--dashboards URL]
                                   [--keep LABELS] [--owner LABELS]
                                   [--shards N | --shards REGEX [REGEX ...]] [--only-for-alerts]

Links lead where `--runbooks` and `--dashboards` say. `--keep` names the labels that tell
deployments apart; give it to `dashboards.generate` too. `--shards` and `--only-for-alerts` are for
large fleets (docs/how-to/large-fleets.md). Nothing else needs to be changed here:
thresholds are set in the exporter's configuration.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from alert_rules.ruleset import alerts_doc, arguments, names, shards
from alert_rules.ruleset.render import HEAD, RECORDING, files
from alert_rules.ruleset.settings import Settings


def main(given: Sequence[str] | None = None) -> int:
    """Exit code 1 if `--check` finds a file that is not fresh."""
    parser = _parser()
    options = parser.parse_args(given)
    try:
        found = shards.patterns(options.shards)
    except ValueError as error:
        parser.error(f"--shards: {error}")
    settings = Settings(
        options.speed,
        options.inner,
        options.least,
        options.runbooks,
        options.dashboards,
        options.keep,
        options.owner,
        found,
        options.only_for_alerts,
    )
    texts = files(settings)
    stale = {
        options.output / name: text
        for name, text in texts.items()
        if _text(options.output / name) != text
    }
    page = alerts_doc.renew(_text(alerts_doc.PAGE))
    if options.output == Path(__file__).parent and page != _text(alerts_doc.PAGE):
        stale[alerts_doc.PAGE] = page
    for path, text in stale.items():
        if options.check:
            sys.stderr.write(f"{path} is not what the program says: run make rules\n")
        else:
            path.write_text(text, encoding="utf-8")
            sys.stdout.write(f"{path} written\n")
    if not options.check:
        _remove_others(options.output, texts)
    return 1 if stale and options.check else 0


def _remove_others(folder: Path, texts: Mapping[str, str]) -> None:
    """Recording rules of another number of shards: every model would be evaluated twice."""
    for path in folder.glob(f"{RECORDING}*.rules.yaml"):
        if path.name not in texts and _text(path).startswith(HEAD):
            path.unlink()
            sys.stdout.write(f"{path} removed\n")


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description="Write the recording and alert rules.")
    parser.add_argument("--check", action="store_true", help="only say whether they are fresh")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, metavar="FOLDER")
    parser.add_argument("--runbooks", default=Settings().runbooks, metavar="URL")
    parser.add_argument("--dashboards", default=Settings().dashboards, metavar="URL")
    arguments.add_keep(parser)
    parser.add_argument(
        "--owner",
        type=names.listed,
        default=names.OWNER,
        metavar="LABELS",
        help="those of the configuration's labels that alerts get",
    )
    parser.add_argument(
        "--shards",
        nargs="+",
        default=["1"],
        metavar="N|REGEX",
        help="recording rules in that many files by model, or by these expressions and the rest",
    )
    parser.add_argument(
        "--only-for-alerts",
        action="store_true",
        help="leave out recording rules that only dashboards ask for",
    )
    parser.add_argument("--speed", type=float, default=1.0, help="divides every duration")
    parser.add_argument("--inner", default=Settings().inner, help="range of the innermost rate")
    parser.add_argument("--least", type=float, default=0.0, help="least evaluation interval")
    return parser


if __name__ == "__main__":
    sys.exit(main())
