"""The front page: what needs attention, then model by model."""

from __future__ import annotations

from inference_exporter.exposition.landing import Landing
from inference_exporter.exposition.status.html import parts
from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.exposition.status.html.model import card
from inference_exporter.exposition.status.html.sources import sources
from inference_exporter.exposition.status.views import HomeView

CHARTED = 10  # with more models than this the cards have no charts


def home_page(view: HomeView, landing: Landing, ready: str, root: str) -> Html:
    """Everything at a glance. `ready` is why the exporter is not ready, else empty."""
    charts = len(view.models) <= CHARTED
    content: list[object] = [
        fill(
            "<h1>{name} <small>{version}</small></h1>", name=landing.name, version=landing.version
        ),
        fill("<p>{words}</p>", words=landing.description),
    ]
    if ready:
        content.append(fill("<p><strong>Not ready: {why}</strong></p>", why=ready))
    if view.models:
        content.append(parts.notices(view.notices, root, link=True))
        content += [card(model, root, charts=charts) for model in view.models]
    elif not ready:
        content.append(Html('<p class="absent">Nothing has been published yet.</p>'))
    if view.sources:
        content += [Html("<h2>Sources</h2>"), sources(view.sources)]
    if view.models:
        content += [Html("<h2>The exporter</h2>"), parts.labelled(view.exporter)]
    return join(content, "\n")
