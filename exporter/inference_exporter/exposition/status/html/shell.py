"""What every page has around it: head, style, navigation, footer; and its headers."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from datetime import UTC, datetime
from hashlib import sha256
from importlib.resources import files

from inference_exporter.exposition.landing import Landing, Link
from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.exposition.status.selection import REFRESH_SECONDS, Selection

DOCS = "https://github.com/inference-exporter/inference-exporter/blob/main/docs"

STYLE = files(__package__).joinpath("page.css").read_text(encoding="utf-8")
_STYLE_HASH = b64encode(sha256(STYLE.encode()).digest()).decode()

# For every HTML page: nothing may be loaded, run, framed or submitted; only the style above.
HTML_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}

_PAGE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
{refresh}<title>{title}</title>
<style>{style}</style>
</head>
<body>
<a class="skip" href="#main">Skip to the content</a>
<header>
<nav aria-label="Pages"><ul class="row">
{links}
</ul></nav>
</header>
<main id="main">
{content}
</main>
<footer>
<p>{asof} {turn}</p>
<p>{name} <small>{version}</small></p>
</footer>
</body>
</html>
"""


_ALONE = """<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
<style>{style}</style>
</head>
<body><main>
{content}
</main></body>
</html>
"""


def alone(title: str, content: Html) -> str:
    """A page that is a file of its own: it needs nothing else, and runs nothing."""
    return fill(_ALONE, title=title, style=Html(STYLE), content=content)


@dataclass(frozen=True, slots=True)
class Shell:
    """How the pages are called and where the metrics are."""

    landing: Landing
    telemetry_path: str

    def page(
        self, title: str, content: Html, root: str, chosen: Selection, timestamp: float
    ) -> str:
        """A whole page. `root` leads from its address to `/`, so a proxy may put it anywhere."""
        refresh = f'<meta http-equiv="refresh" content="{REFRESH_SECONDS}">\n'
        return fill(
            _PAGE,
            refresh=Html(refresh if chosen.refresh else ""),
            title=title,
            style=Html(STYLE),
            links=self._links(root),
            content=content,
            asof=_as_of(timestamp),
            turn=_turn(chosen),
            name=self.landing.name,
            version=self.landing.version,
        )

    def _links(self, root: str) -> Html:
        own = (
            Link(root, "Status"),
            *self.landing.links,
            Link(root + self.telemetry_path.lstrip("/"), "Metrics", "what Prometheus scrapes"),
            Link(f"{root}-/healthy", "Health"),
            Link(f"{root}-/ready", "Readiness"),
            Link(DOCS, "Documentation"),
        )
        return join(map(_item, own), "\n")


def _item(link: Link) -> Html:
    words = fill(" <small>{text}</small>", text=link.description) if link.description else ""
    return fill(
        '<li><a href="{path}">{text}</a>{words}</li>', path=link.path, text=link.text, words=words
    )


def _as_of(timestamp: float) -> Html:
    if not timestamp:
        return Html("Nothing has been published yet.")
    moment = datetime.fromtimestamp(timestamp, UTC)
    return fill(
        'As of <time datetime="{exact}">{words}</time>.',
        exact=moment.isoformat(timespec="milliseconds"),
        words=moment.strftime("%Y-%m-%d %H:%M:%S UTC"),
    )


def _turn(chosen: Selection) -> Html:
    """Nothing moves by itself unless somebody wants it to (WCAG 2.2.1, 2.2.4)."""
    if chosen.refresh:
        words = f"This page loads itself anew every {REFRESH_SECONDS} seconds."
        return fill(
            '{words} <a href="{off}">Stop that</a>', words=words, off=chosen.link(refresh=False)
        )
    words = f"Load it anew every {REFRESH_SECONDS} seconds"
    return fill('<a href="{on}">{words}</a>', words=words, on=chosen.link(refresh=True))
