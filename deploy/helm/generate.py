"""Link rules and dashboards into the chart; `--check` only says whether all are there.

python -m deploy.helm.generate [--check]

Helm reads files below a chart only. It follows links, also when it packs an archive, so there is
no second copy that could be old.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from dashboards.pages import PAGES

ROOT = Path(__file__).parents[2]
FILES = Path(__file__).parent / "inference-exporter" / "files"


def links() -> Mapping[Path, Path]:
    """Every link that is wanted, and what it leads to."""
    rules = sorted((ROOT / "alert_rules").glob("*.rules.yaml"))
    boards = [ROOT / "dashboards" / f"{page}.json" for page in PAGES]
    wanted = {FILES / "rules" / file.name: file for file in rules}
    return wanted | {FILES / "dashboards" / file.name: file for file in boards}


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit code 1 if `--check` finds a link that is missing, or one too many."""
    check = "--check" in (sys.argv[1:] if arguments is None else arguments)
    wanted = {link: _relative(link, target) for link, target in links().items()}
    found = {link: str(link.readlink()) for link in FILES.glob("*/*") if link.is_symlink()}
    wrong = {link for link in wanted.keys() | found.keys() if wanted.get(link) != found.get(link)}
    for link in sorted(wrong):
        if check:
            sys.stderr.write(f"{link} is not what the program says: run make rules\n")
        else:
            _write(link, wanted.get(link))
    return 1 if wrong and check else 0


def _relative(link: Path, target: Path) -> str:
    return os.path.relpath(target, link.parent)


def _write(link: Path, leads_to: str | None) -> None:
    link.parent.mkdir(parents=True, exist_ok=True)
    link.unlink(missing_ok=True)
    if leads_to is not None:
        link.symlink_to(leads_to)
    sys.stdout.write(f"{link} {'written' if leads_to else 'removed'}\n")


if __name__ == "__main__":
    sys.exit(main())
