"""A model's page, and its card on the front page."""

from __future__ import annotations

from inference_exporter.exposition.status.html import lately, parts
from inference_exporter.exposition.status.html.contest import contest
from inference_exporter.exposition.status.html.drift import (
    drift,
    number_or_dash,
    subject,
    with_interval,
)
from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.exposition.status.html.segments import segments
from inference_exporter.exposition.status.html.sources import sources
from inference_exporter.exposition.status.html.vintages import vintages
from inference_exporter.exposition.status.performance import HEADLINE
from inference_exporter.exposition.status.selection import Selection, model_path
from inference_exporter.exposition.status.views import (
    ModelView,
    PerformanceRow,
    PerformanceView,
    QualityRow,
    VersionView,
)

CARD_FEATURES = 5
HEADLINES = 4
NOTHING_YET = "No prediction has been read yet: see the source below."
_QUALITY = ("Feature", "Values", "Missing", "Invalid", "Out of range or unseen")


def model_page(view: ModelView, chosen: Selection, root: str) -> Html:
    """Everything about a model, in one version and window."""
    sections: list[object] = [fill("<h1>{name}</h1>", name=view.name)]
    sections.append(parts.notices(view.notices, root, link=False))
    if view.shown is None:
        sections.append(fill('<p class="absent">{words}</p>', words=NOTHING_YET))
    else:
        sections += [_choices(view, view.shown, chosen), _version(view.shown, chosen)]
    if view.contest is not None:
        sections += [Html("<h2>Champion and challenger</h2>"), contest(view.contest)]
    sections += [Html("<h2>Sources</h2>"), sources(view.sources)]
    return join(sections, "\n")


def card(view: ModelView, root: str, *, charts: bool) -> Html:
    """A model on the front page: figures, and the features that moved most."""
    page = root + model_path(view.name)
    shown, content = view.shown, Html(f'<p class="absent">{NOTHING_YET}</p>')
    if shown is not None:
        bars = drift(shown.drift, Selection(), page, top=CARD_FEATURES, rest=False)
        figures, lines = _figures(shown), lately.lines(shown) if charts else ""
        known = _performance_line(shown.performance)
        content = join([figures, lines, known, bars if charts else ""])
    return fill(
        '<section class="model">\n<h2>{name}</h2>\n{content}\n<p>{more}</p>\n</section>',
        name=parts.link(page, view.name),
        content=content,
        more=parts.link(page, f"Everything about {view.name}"),
    )


def _choices(view: ModelView, shown: VersionView, chosen: Selection) -> Html:
    windows = [(chosen.link(window=w), w, w == shown.window) for w in view.windows]
    versions = [
        (chosen.link(version=v), parts.version_name(v), v == shown.version) for v in view.versions
    ]
    return join([parts.choices("Version", versions), parts.choices("Window", windows)], "\n")


def _version(view: VersionView, chosen: Selection) -> Html:
    content: list[object] = []
    if view.subject is not None:
        content.append(subject(view.subject, chosen))
    elif chosen.feature is not None or chosen.output is not None:
        missing = chosen.feature if chosen.feature is not None else chosen.output
        words = f"There is no feature or output {missing} to compare."
        content.append(fill('<p class="absent" id="subject">{words}</p>', words=words))
    content += [
        Html("<h2>Traffic</h2>"), _figures(view), lately.lines(view), _traffic(view),
        Html("<h2>Latency</h2>"), latency(view),
        Html("<h2>Drift</h2>"), drift(view.drift, chosen, ""),
        lately.decisions(view.decisions) if view.decisions else "",
        Html("<h2>Performance</h2>"), performance(view.performance),
    ]  # fmt: skip
    if view.vintages:
        content += [Html("<h2>Calendar periods</h2>"), vintages(view.vintages)]
    content += [Html("<h2>Data quality</h2>"), quality(view.quality)]
    if view.segments.rows or view.segments.fairness or view.segments.drift:
        content += [Html("<h2>Segments</h2>"), segments(view.segments)]
    if view.stand_out:
        content += [Html("<h2>Requests that stand out</h2>"), lately.stand_out(view.stand_out)]
    content += [Html("<h2>Freshness</h2>"), lately.freshness(view.freshness)]
    if view.concept:
        content += [Html("<h2>Concept drift</h2>"), parts.labelled(view.concept)]
    return join(content, "\n")


def _figures(view: VersionView) -> Html:
    pairs: list[tuple[str, object]] = [
        ("Version", parts.version_name(view.version)),
        ("Last prediction", parts.number(view.last)),
        (f"Requests, {view.window}", parts.number(view.requests)),
        (f"Failed, {view.window}", parts.number(view.failed)),
        ("Requests since first seen", parts.number(view.total)),
        ("Drifted features", parts.number(view.drifted)),
        ("Undecided features", parts.number(view.undecided)),
    ]
    if view.importance.value is not None:
        pairs.append(("Importance of drifted features", parts.number(view.importance)))
    pairs += [
        (f"Latency {one.name}, {view.window}", parts.number(one.number))
        for one in view.latency
        if one.name in ("p50", "p95")
    ]
    return parts.figures(pairs)


def _traffic(view: VersionView) -> Html:
    tables = [
        parts.table(name, (name.split(" by ")[-1].capitalize(), "Since first seen"), rows, (1,))
        for name, ones in (
            ("Requests by status", view.codes),
            ("Predictions by class", view.classes),
        )
        if (rows := [parts.row(one.name, one.number) for one in ones])
    ]
    return parts.folded("By status and by class", join(tables, "\n")) if tables else Html("")


def latency(view: VersionView) -> Html:
    """Quantiles, and means by step."""
    if view.why_no_latency:
        return fill('<p class="absent">{why}</p>', why=view.why_no_latency)
    content: list[object] = [parts.labelled(view.latency)]
    if view.steps:
        content += [
            Html('<p class="muted">Mean per step since first seen:</p>'), parts.labelled(view.steps)
        ]  # fmt: skip
    return join(content, "\n")


def _performance_line(view: PerformanceView) -> Html:
    """On the front page: the first metric, or why there is none."""
    pairs: list[tuple[str, object]] = []
    for one in sorted(view.rows, key=_headline)[:HEADLINES]:
        if one.realised.value is not None:
            pairs.append((_metric(one), parts.number(one.realised)))
        elif one.estimated.value is not None:
            pairs.append((f"{_metric(one)}, estimated", parts.number(one.estimated)))
    known = parts.figures(pairs) if pairs else ""
    why = fill('<p class="absent">{why}</p>', why=view.why) if view.why else ""
    return join([known, why])


def performance(view: PerformanceView) -> Html:
    """All metrics with their intervals, or why there are none."""
    content: list[object] = [
        fill('<p class="absent">{why}</p>', why=why)
        for why in (view.why, view.why_not_estimated)
        if why
    ]
    if view.labelled.value is not None:
        content.append(fill("<p>{n} labelled predictions.</p>", n=parts.number(view.labelled)))
    if view.coverage.value is not None:
        content.append(fill("<p>{n} have a label.</p>", n=parts.number(view.coverage)))
    if view.rows:
        heads = ("Metric", "From labels", "Estimated without", "On the reference")
        rows = [
            parts.row(
                _metric(one),
                with_interval(one.realised, one.realised_between),
                with_interval(one.estimated, one.estimated_between),
                number_or_dash(one.reference),
            )
            for one in view.rows
        ]
        content.append(parts.table("Values with their 95 % intervals", heads, rows))
    return join(content, "\n")


def _headline(one: PerformanceRow) -> int:
    """The metrics that people ask for first; those of single classes last."""
    known = HEADLINE.index(one.metric) if one.metric in HEADLINE else len(HEADLINE)
    return known if not one.of_class else len(HEADLINE) + 1


def _metric(one: PerformanceRow) -> str:
    return f"{one.metric} ({one.of_class})" if one.of_class else one.metric


def quality(rows: tuple[QualityRow, ...]) -> Html:
    """What is wrong with the values of the features."""
    """Features with something to say in the open; the spotless folded."""
    if not rows:
        return Html('<p class="absent">No features are known yet.</p>')
    spotted = [one for one in rows if one.suspicious or _spots(one)]
    shown, rest = spotted[:20], [*spotted[20:], *(one for one in rows if not _spots(one))]
    content: list[object] = []
    if shown:
        caption = "Shares of all values since first seen, the worst first"
        content.append(parts.table(caption, _QUALITY, map(_quality_row, shown), (1, 2, 3, 4)))
    else:
        content.append(Html("<p>No value was missing, invalid or strange.</p>"))
    if rest:
        name = f"{len(rest)} {'more ' if shown else ''}features"
        content.append(
            parts.folded(name, parts.table(name, _QUALITY, map(_quality_row, rest), (1, 2, 3, 4)))
        )
    return join(content, "\n")


def _spots(one: QualityRow) -> bool:
    return any(number.value for number in (one.missing, one.invalid, one.strange))


def _quality_row(one: QualityRow) -> Html:
    name = fill('<b class="warn" aria-label="Over its threshold:">◆</b> {n}', n=one.feature)
    head = name if one.suspicious else one.feature
    return parts.row(head, one.values, one.missing, one.invalid, one.strange)
