"""Write the dashboards of this folder anew; `--check` only says whether they are fresh.

Those in `grafana.com/` ask for their data sources at import; the others choose them on the page.

python -m dashboards.generate [--check] [--output FOLDER] [--keep LABELS]
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from alert_rules.ruleset import names
from alert_rules.ruleset.arguments import add_keep
from dashboards.board import published
from dashboards.board.render import document, text
from dashboards.pages import PAGES


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 if `--check` finds a file that is not fresh."""
    parser = argparse.ArgumentParser(description="Write the Grafana dashboards.")
    parser.add_argument("--check", action="store_true", help="only say whether they are fresh")
    parser.add_argument("--output", type=Path, default=Path(__file__).parent, metavar="FOLDER")
    add_keep(parser)
    options = parser.parse_args(arguments)
    with names.keeping(options.keep):
        boards = {uid: document(page()) for uid, page in PAGES.items()}
    contents = {options.output / f"{uid}.json": text(board) for uid, board in boards.items()}
    contents |= {
        options.output / "grafana.com" / f"{uid}.json": published.text(board)
        for uid, board in boards.items()
    }
    stale = {path: content for path, content in contents.items() if _text(path) != content}
    for path, content in stale.items():
        if options.check:
            sys.stderr.write(f"{path} is not what the program says: run make dashboards\n")
        else:
            path.parent.mkdir(exist_ok=True)
            path.write_text(content, encoding="utf-8")
            sys.stdout.write(f"{path} written\n")
    return 1 if stale and options.check else 0


def _text(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.exists() else ""


if __name__ == "__main__":
    sys.exit(main())
