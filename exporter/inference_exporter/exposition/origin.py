"""Whether a browser asks for a page of another site."""

from __future__ import annotations

from urllib.parse import urlsplit

from starlette.requests import Request

FOREIGN = "A page of another site may not ask for this.\n"


def is_from_another_page(request: Request) -> bool:
    """Whether a browser sent it for a page that is not ours; other clients have no such headers."""
    if request.headers.get("sec-fetch-site", "none") not in ("none", "same-origin"):
        return True
    origin = request.headers.get("origin")
    return origin is not None and urlsplit(origin).netloc != request.headers.get("host")
