"""What MkDocs does not do by itself, as hooks (`mkdocs.yml`).

Pages are written to be read in the repository too. So links that lead out of `docs/` become links
to the repository, links to a folder of pages lead to its first page, and `runbooks/*` in the
navigation is every page of that folder. A page that nobody has placed is under "More".
"""

from __future__ import annotations

import os.path
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
DOCS = ROOT / "docs"
_LINK = re.compile(r"(\]\()([^)\s#]+)((?:#[^)\s]*)?\))")
_FENCE = re.compile(r"(^ *```.*?^ *```|`[^`\n]+`)", re.DOTALL | re.MULTILINE)


def on_config(config: Any) -> Any:
    """Every page of a folder, where the navigation says so; then what it does not name."""
    nav = [_expanded(entry) for entry in config["nav"]]
    pages = {str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md")}
    others = sorted(pages - set(placed(nav)))
    config["nav"] = [*nav, {"More": others}] if others else nav
    return config


def placed(entry: Any) -> Iterator[str]:
    """The pages of a navigation or of a part of it."""
    if isinstance(entry, str):
        yield entry
        return
    for inside in entry.values() if isinstance(entry, dict) else entry:
        yield from placed(inside)


def _expanded(entry: Any) -> Any:
    if isinstance(entry, list):
        return [_expanded(one) for one in entry]
    if isinstance(entry, dict):
        return {title: _expanded(inside) for title, inside in entry.items()}
    if not entry.endswith("/*"):
        return entry
    return [str(page.relative_to(DOCS)) for page in sorted((DOCS / entry[:-2]).glob("*.md"))]


def on_page_markdown(markdown: str, page: Any, config: Any, files: Any) -> str:  # noqa: ARG001
    """Links as the site needs them; what is code stays as it is."""
    folder = DOCS / Path(page.file.src_uri).parent
    parts = _FENCE.split(markdown)
    for at in range(0, len(parts), 2):
        parts[at] = _LINK.sub(
            lambda found: found[1] + target(found[2], folder, config["repo_url"]) + found[3],
            parts[at],
        )
    return "".join(parts)


def target(link: str, folder: Path, repository: str) -> str:
    """Where a link of a page in this folder leads on the site."""
    if "://" in link or link.startswith("mailto:"):
        return link
    path = Path(os.path.normpath(folder / link))
    if path.is_relative_to(DOCS) and path.is_dir():
        first = min(path.glob("*.md"), default=path)
        return os.path.relpath(first, folder)
    if path.is_relative_to(DOCS) or not path.exists():
        return link
    kind = "tree" if path.is_dir() else "blob"
    return f"{repository}/{kind}/main/{path.relative_to(ROOT)}"
