"""Every link of a page leads somewhere, to its heading too; every page is in the navigation.

The quick tests need nothing but the files; the slow one builds the site as `make site` does.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from urllib.parse import unquote

import pytest
import yaml
from scripts import site

ROOT = Path(__file__).parents[2]
DOCS = ROOT / "docs"
PAGES = sorted(
    [*DOCS.rglob("*.md"), *ROOT.glob("*.md"), *(ROOT / "client").glob("*.md"),
     *(ROOT / "dashboards").glob("preview/*.md")]
)  # fmt: skip
_CODE = re.compile(r"^ *```.*?^ *```|`[^`\n]+`", re.DOTALL | re.MULTILINE)
_LINK = re.compile(r"\]\(([^)\s]+)\)|<a href=\"([^\"]+)\"|src=\"([^\"]+)\"")
_HEADING = re.compile(r"^#{1,6} (.+?) *$|<a (?:id|name)=\"([^\"]+)\"", re.MULTILINE)


def links(page: Path) -> Iterator[str]:
    for found in _LINK.finditer(_CODE.sub("", page.read_text(encoding="utf-8"))):
        link = next(filter(None, found.groups()))
        if not re.match(r"[a-z]+:", link):
            yield unquote(link)


@cache
def anchors(page: Path) -> frozenset[str]:
    """What GitHub makes of headings: small letters, hyphens for spaces, no punctuation."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.S | re.M)
    return frozenset(found[2] or slug(found[1]) for found in _HEADING.finditer(text))


def slug(heading: str) -> str:
    text = re.sub(r"\[([^\]]*)\]\([^)]*\)", r"\1", heading).lower()
    return re.sub(r"[^\w\- ]", "", text).replace(" ", "-")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_lead_to_files_and_headings(page: Path) -> None:
    for link in links(page):
        path, _, anchor = link.partition("#")
        to = (page.parent / path).resolve() if path else page
        assert to.exists(), link
        if anchor and to.suffix == ".md":
            assert anchor in anchors(to), link


def test_every_page_is_in_the_navigation_once() -> None:
    config = yaml.safe_load((ROOT / "mkdocs.yml").read_text(encoding="utf-8"))
    found = list(site.placed(site.on_config(config)["nav"]))
    assert sorted(found) == sorted(str(page.relative_to(DOCS)) for page in DOCS.rglob("*.md"))


def test_a_page_that_nobody_has_placed_is_under_more() -> None:
    nav = site.on_config({"nav": [{"Home": "index.md"}]})["nav"]
    assert nav[0] == {"Home": "index.md"}
    assert "alarms.md" in nav[1]["More"]
    assert "index.md" not in nav[1]["More"]


@pytest.mark.slow
def test_the_site_is_built_without_a_warning(tmp_path: Path) -> None:
    pytest.importorskip("mkdocs", reason="the extra `docs`, which make setup installs")
    answer = subprocess.run(
        [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", f"--site-dir={tmp_path}"],
        cwd=ROOT, capture_output=True, text=True, timeout=300, check=False,
        env=os.environ | {"NO_MKDOCS_2_WARNING": "1"},
    )  # fmt: skip
    assert answer.returncode == 0, answer.stdout + answer.stderr
    assert (tmp_path / "start" / "engineer.html").exists()


def test_links_out_of_the_pages_lead_to_the_repository() -> None:
    def target(link: str, folder: Path = DOCS) -> str:
        return site.target(link, folder, "https://example.org/r")

    assert target("../CONTRIBUTING.md") == "https://example.org/r/blob/main/CONTRIBUTING.md"
    assert target("../../client", DOCS / "how-to") == "https://example.org/r/tree/main/client"
    assert target("runbooks/") == "runbooks/InferenceAccuracyEstimateLow.md"
    assert target("alarms.md") == "alarms.md"
    assert target("https://example.org/x") == "https://example.org/x"
