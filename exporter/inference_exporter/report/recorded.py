"""What the record says of a model, as HTML: over time, by input, decision by decision."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from inference_exporter.config.values import span
from inference_exporter.decisions.budget import DAYS, per_month
from inference_exporter.exposition.status.html import parts, timeline
from inference_exporter.exposition.status.html.charts import bars
from inference_exporter.exposition.status.html.drift import LEGEND
from inference_exporter.exposition.status.html.markup import Html, fill, join
from inference_exporter.exposition.status.html.timeline import Cell, moment
from inference_exporter.exposition.status.numbers import Number, digits
from inference_exporter.exposition.status.views import Bin
from inference_exporter.record import Decided
from inference_exporter.report.history import MOST_ONSETS, WHYS, History, Key, Stretch, Subject

CHARTED = 60  # rows of a chart
Labels = Mapping[tuple[str, str, str], tuple[str, ...]]
"""Names of bins by reference, scope and name, where the reference is the one in force."""


def in_short(history: History) -> Html:
    """Figures of the whole period."""
    verdicts = [one.verdicts for one in history.subjects.values()]
    decided = sum(one["drifted"] + one["ok"] for one in verdicts)
    return parts.figures(
        [
            ("First window on record", parts.when(history.first)),
            ("Last window on record", parts.when(history.last)),
            ("Decisions", parts.number(Number(history.lines, "count"))),
            ("Could be decided", parts.number(Number(decided / history.lines, "share"))),
            ("Times drift began", parts.number(Number(len(history.onsets), "count"))),
            ("References", parts.number(Number(len(history.references), "count"))),
        ]
    )


def traffic(history: History) -> Iterator[Html]:
    """Rows that were judged, in the shortest windows of each version."""
    for version in dict.fromkeys(version for version, _ in history.stretches):
        one = _shortest(history, version)
        points = _per_stretch(history, one)
        if len(points) > 1:
            words = f"Rows that were judged, version {parts.version_name(version)}"
            chart = timeline.lines(words, [points], low=0.0)
            step = span(history.step(one.seconds))
            yield fill("<figure><figcaption>{w}, by {s}</figcaption>{c}</figure>",
                       w=words, s=step, c=chart)  # fmt: skip


def _shortest(history: History, version: str) -> Stretch:
    mine = [one for (name, _), one in history.stretches.items() if name == version]
    return min(mine, key=lambda one: one.seconds)


def _per_stretch(history: History, one: Stretch) -> list[tuple[float, float]]:
    sums: dict[int, float] = {}
    for end, rows in one.rows.items():
        cell = history.cell(end, one.seconds)
        sums[cell] = sums.get(cell, 0.0) + rows
    return [(history.begins(cell, one.seconds), rows) for cell, rows in sorted(sums.items())]


def over_time(history: History) -> Iterator[Html]:
    """The states of all inputs and outputs, a chart for each version and window."""
    for (version, window), stretch in history.stretches.items():
        found: dict[str, list[Subject]] = {}
        for key, one in history.names(version, window):
            found.setdefault(_shown(key), []).append(one)
        rows = [
            (name, _cells(history, ones, stretch.seconds))
            for name, ones in list(found.items())[:CHARTED]
        ]
        label = f"States over time, windows of {window}, version {parts.version_name(version)}"
        left = len(found) - len(rows)
        note = f" {left} more, which drifted least, are left out." if left else ""
        yield fill(
            "<figure><figcaption>{label}. Red: drifted. Green: ok. Grey: undecided. White: no line "
            "on record.{note}</figcaption>{chart}</figure>",
            label=label, note=note, chart=timeline.states(label, rows, history.start, history.end),
        )  # fmt: skip


def _cells(history: History, ones: list[Subject], seconds: float) -> list[Cell]:
    cells: list[Cell] = []
    for one in ones:
        for place, state in sorted(one.cells.items()):
            start, end = (history.begins(at, seconds) for at in (place, place + 1))
            cells.append(Cell(start, min(end, history.end), state, f"{moment(start)}: {state}"))
    return cells


def inputs(history: History, labels: Labels) -> Iterator[Html]:
    """Live against reference over the whole period, by the shortest windows of each version."""
    heads = (
        "Name", "Live against reference", "PSI, all windows together", "Largest PSI", "Its window",
        "Began to drift", "Windows drifted, ok, undecided", "Last verdict",
    )  # fmt: skip
    yield LEGEND
    for version in dict.fromkeys(version for version, _ in history.stretches):
        window = min(
            (window for name, window in history.stretches if name == version),
            key=lambda window: history.stretches[version, window].seconds,
        )
        rows = [_input(key, one, labels) for key, one in history.names(version, window)]
        caption = (
            f"Inputs and outputs in windows of {window}, version {parts.version_name(version)}, "
            "those that drifted most first"
        )
        yield parts.table(caption, heads, rows, (2, 3, 5))


def _input(key: Key, one: Subject, labels: Labels) -> Html:
    count = one.verdicts
    return parts.row(
        _shown(key), bars(_bins(key, one, labels)), Number(one.distance),
        Number(one.worst.distance), parts.when(one.worst.end.timestamp()),
        Number(one.onsets, "count"), f"{count['drifted']}, {count['ok']}, {count['undecided']}",
        one.last.verdict,
    )  # fmt: skip


def _bins(key: Key, one: Subject, labels: Labels) -> tuple[Bin, ...]:
    _, _, scope, name, reference = key
    n, m = max(one.live.sum(), 1.0), max(one.expected.sum(), 1.0)
    names = labels.get((reference, scope, name), ())
    if len(names) != len(one.live):
        names = tuple(f"bin {at:02d}" for at in range(len(one.live)))
    return tuple(
        Bin(label, float(known / m), float(live / n))
        for label, live, known in zip(names, one.live, one.expected, strict=True)
    )


def _shown(key: Key) -> str:
    _, _, scope, name, _ = key
    return name if scope == "feature" else f"{name} (output)"


def decisions(history: History) -> Html:
    """Every decision with which a drift began, with its evidence."""
    heads = ("Window ended", "Window", "Version", "Input or output", "PSI", "Limit", "By chance",
             "p adjusted", "Level", "Rows", "Worth one", "Reference")  # fmt: skip
    shown = history.onsets[-MOST_ONSETS:]
    if not shown:
        return Html("<p>No input and no output began to drift.</p>")
    table = parts.table("When what began to drift", heads, map(_decision, shown), (4, 5, 6, 9, 10))
    left = len(history.onsets) - len(shown)
    words = (
        f"{left} earlier ones are left out; `inference-exporter decisions` has all." if left else ""
    )
    return join([table, fill("<p>{words}</p>", words=words)])


def _decision(line: Decided) -> Html:
    name = line.name if line.scope == "feature" else f"{line.name} (output)"
    return parts.row(
        parts.when(line.end.timestamp()), line.window, parts.version_name(line.version), name,
        Number(line.distance), Number(line.threshold), Number(line.critical),
        f"{line.p_adjusted:.2g}", f"{line.level:.2g}", Number(line.rows, "count"),
        Number(line.design_effect.mean), fill("<code>{r}</code>", r=line.reference),
    )  # fmt: skip


def ledger(history: History) -> Html:
    """Which windows of the period were decided on, and why others were not."""
    heads = ("Version and window", "Windows", "With a decision", "Undecided", "None on record",
             "Inputs undecided: few rows", "Rows alike", "Hours without reference",
             "Moves by itself")  # fmt: skip
    rows = []
    for (version, window), one in history.stretches.items():
        whole = one.windows
        known = [Number(one.why[why], "count") for why in WHYS]
        other = sum(one.why.values()) - sum(one.why[why] for why in WHYS)
        rows.append(
            parts.row(
                f"{parts.version_name(version)}, {window}", Number(whole, "count"),
                Number(len(one.decided), "count"),
                Number(len(one.rows) - len(one.decided), "count"),
                Number(max(0, whole - len(one.rows)), "count"),
                *known, Number(other, "count"),
            )
        )  # fmt: skip
    caption = "Windows between the first and the last of each version on record"
    return parts.table(caption, heads, rows, tuple(range(1, len(heads))))


def rates(history: History, promised: float) -> Html:
    """How often drift began and ended by itself, beside what is promised."""
    heads = (
        "Version and window", "Decided windows", "Drift began", "Ended within 3 days", "Lasted",
        "Not known yet", "Ended within 3 days, a month", "95 % interval",
    )  # fmt: skip
    rows = []
    for (version, window), one in history.stretches.items():
        months = len(one.decided) * one.seconds / (DAYS * 86400.0)
        rate, between = Number(None, why="–"), "–"
        if months:
            found, lower, upper = per_month(one.transient, months)
            rate, between = Number(found), f"{digits(lower)} to {digits(upper)}"
        rows.append(
            parts.row(
                f"{parts.version_name(version)}, {window}", Number(len(one.decided), "count"),
                Number(one.onsets, "count"), Number(one.transient, "count"),
                Number(one.lasting, "count"), Number(one.open, "count"), rate, between,
            )
        )  # fmt: skip
    words = (
        f"Promised: at most {promised:g} false alarm a month, all windows together. A drift that "
        "ended within three days may have been false, or a short change that was real: so the rate "
        "below is no less than that of false alarms that ended. What lasted is counted as real."
    )
    table = parts.table("How often it began, and how it ended", heads, rows, (1, 2, 3, 4, 5, 6))
    return join([fill("<p>{words}</p>", words=words), table])


def references(history: History) -> Html:
    """Which references decisions were made against, and when."""
    rows = [
        parts.row(fill("<code>{n}</code>", n=name or "–"), parts.when(first), parts.when(last))
        for name, (first, last) in sorted(history.references.items(), key=lambda pair: pair[1])
    ]
    heads = ("Fingerprint", "First window decided with it", "Last")
    return parts.table("References on record", heads, rows)
