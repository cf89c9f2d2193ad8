"""The page at `/`: what this is and where to go. One file of HTML, no scripts, nothing fetched."""

from __future__ import annotations

from base64 import b64encode
from dataclasses import dataclass
from hashlib import sha256
from html import escape

from inference_exporter import __version__


@dataclass(frozen=True, slots=True)
class Link:
    """A line of the landing page. `path` may be relative to the server or a full address."""

    path: str
    text: str
    description: str = ""


@dataclass(frozen=True, slots=True)
class Landing:
    """What the landing page says; `links` come before the fixed ones."""

    name: str = "inference-exporter"
    version: str = __version__
    description: str = "Drift, accuracy, latency and data quality from a model server's log."
    links: tuple[Link, ...] = ()


_STYLE = """
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 42rem; margin: 3rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; margin-bottom: 0; }
p { margin-top: .25rem; }
li { margin: .5rem 0; }
small { opacity: .75; }
"""

_STYLE_HASH = b64encode(sha256(_STYLE.encode()).digest()).decode()

# For every HTML page: nothing may be loaded, run, framed or submitted; only the style above.
HTML_HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{_STYLE_HASH}'; base-uri 'none'; "
        "form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "deny",
    "Referrer-Policy": "no-referrer",
}


def render(landing: Landing, telemetry_path: str) -> str:
    """The page as HTML."""
    fixed = (
        Link(telemetry_path, "Metrics", "what Prometheus scrapes"),
        Link("/-/healthy", "Health", "200 while the process is alive"),
        Link("/-/ready", "Readiness", "200 once logs and references are open, else why not"),
    )
    items = "\n".join(_item(link) for link in (*landing.links, *fixed))
    name, version = escape(landing.name), escape(landing.version)
    return f"""<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{name}</title>
<style>{_STYLE}</style>
</head>
<body>
<h1>{name} <small>{version}</small></h1>
<p>{escape(landing.description)}</p>
<ul>
{items}
</ul>
</body>
</html>
"""


def _item(link: Link) -> str:
    description = f" <small>{escape(link.description)}</small>" if link.description else ""
    return f'<li><a href="{escape(link.path)}">{escape(link.text)}</a>{description}</li>'
