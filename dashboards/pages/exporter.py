"""Exporter: can what the other pages say be trusted?"""

from __future__ import annotations

from dashboards.board import panels, variables
from dashboards.board.parts import Page, Panel, Query, Row, about
from dashboards.board.promql import RATE, firing, of, rate

_ME = 'job=~"$job", instance=~"$instance"'
_X = "inference_exporter_"
_UP = ((0, "no", panels.RED), (1, "yes", panels.GREEN))


def page() -> Page:
    """Reading, keeping, serving."""
    instance = variables.several("instance", 'inference_exporter_build_info{job=~"$job"}')
    return Page(
        "inference-exporter", "Inference / Exporter",
        "The exporters themselves: sources, lag, state, series, cost.",
        (*variables.everywhere(), instance),
        (
            Row("Now", _strip()),
            Row("Exporters", (_table(),)),
            Row("Reading", _reading()),
            Row("Keeping", _keeping()),
            Row("Serving and computing", _serving()),
        ),
        (firing('job=~"$job", instance=~"$instance|"'),),
    )  # fmt: skip


def _strip() -> tuple[Panel, ...]:
    def stat(title: str, shows: str, read: str, alert: str, expr: str, unit: str,
             bad: bool = True) -> Panel:  # fmt: skip
        steps = ((1e-9, panels.RED),) if bad else ()
        return panels.stat(title, about(shows, read, alert), expr, unit, steps)

    lines = f"{_X}lines_total"
    unread = f"count({of(f'{_X}source_up', _ME)} == 0)"
    unsafe = f"count({of(f'{_X}state_persistent', _ME)} == 0)"
    stale = f"count({of(f'{_X}config_last_reload_successful', _ME)} == 0)"
    dropped = of(f"{_X}series_dropped_total", _ME)
    return (
        stat("Down", "Exporters that do not answer.", "Lines are read once they are back.",
             "InferenceExporterDown", f'count(up{{{_ME}}} == 0) or vector(0)', "none"),
        stat("Without a log", "Sources without a readable file.", "A path, or rights.",
             "InferenceSourceDown", f"{unread} or vector(0)", "none"),
        stat("Not persistent", "Exporters whose last commit failed.",
             "A crash would lose what came since.", "InferenceStateNotPersistent",
             f"{unsafe} or vector(0)", "none"),
        stat("Old configuration", "Exporters whose last reload failed.",
             "The one before is in force.", "InferenceConfigReloadFailed",
             f"{stale} or vector(0)", "none"),
        stat("Series overflow", "Values an hour that went to __overflow__.",
             "A label has more values than its limit.", "InferenceSeriesOverflow",
             f"sum(increase({dropped}[1h])) or vector(0)", "short"),
        stat("Lines", "Lines a second, readable or not.", "Compare with the traffic.",
             "InferenceTrafficStopped", rate(lines, _ME), "cps", bad=False),
        stat("Largest lag", "Age of the newest line when it was read, the worst source.",
             "High and growing: it cannot keep up.", "InferenceLogLag",
             f"max({of(f'{_X}lag_seconds', _ME)})", "s", bad=False),
        stat("Series", "Series on all pages.", "What Prometheus pays for.",
             "InferenceSeriesOverflow", f"sum({of(f'{_X}series', _ME)})", "short", bad=False),
    )  # fmt: skip


def _table() -> Panel:
    by = ("instance",)
    committed = of(f"{_X}state_last_commit_timestamp_seconds", _ME)
    return panels.table(
        "Exporters",
        about("One line per exporter.", "A commit long ago: look at the disk and at the process.",
              "InferenceStateNotPersistent", "InferenceLogLag"),
        by,
        (
            ("Up", f"max by (instance) (up{{{_ME}}})", "short"),
            ("Lines a second", rate(f"{_X}lines_total", _ME, *by), "cps"),
            ("Lag", f"max by (instance) ({of(f'{_X}lag_seconds', _ME)})", "s"),
            ("Unread", f"sum by (instance) ({of(f'{_X}lag_bytes', _ME)})", "bytes"),
            ("Last commit", f"time() - max by (instance) ({committed})", "s"),
            ("Series", f"max by (instance) ({of(f'{_X}series', _ME)})", "short"),
        ),
        "Lag", height=7,
    )  # fmt: skip


def _reading() -> tuple[Panel, ...]:
    def changes(what: str, *labels: str) -> Query:
        shown = " ".join(f"{{{{{label}}}}}" for label in ("source", *labels))
        expr = rate(f"{_X}{what}_total", _ME, "source", *labels)
        return Query(expr, f"{what.replace('_', ' ')} {shown}")

    lag = of(f"{_X}lag_seconds", _ME)
    return (
        panels.lines(
            "Lag in time", about("Age of the newest line when it was read; the eight largest.",
                                 "Includes the delay of the model server's own buffers.",
                                 "InferenceLogLag"),
            "s", Query(f"topk(8, max by (instance, source) ({lag}))", "{{instance}} {{source}}"),
            width=8),
        panels.lines(
            "Lag in bytes", about("Written and not yet read.",
                                  "Back to 0 between bursts is healthy.", "InferenceLogLag"),
            "bytes", Query(f"topk(8, sum by (instance, source) ({of(f'{_X}lag_bytes', _ME)}))",
                           "{{instance}} {{source}}"), width=8),
        panels.lines(
            "Bytes read", about("Bytes a second.", "High without new lines: a backlog is read."),
            "Bps", Query(rate(f"{_X}bytes_read_total", _ME, "source"), "{{source}}"), width=8),
        panels.lines(
            "Files", about("Files known by name, and files held open.",
                           "Open beyond watched: rotated ones within their grace."),
            "none",
            Query(f"sum by (source) ({of(f'{_X}files_watched', _ME)})", "watched {{source}}"),
            Query(f"sum by (source) ({of(f'{_X}files_open', _ME)})", "open {{source}}"), width=8),
        panels.lines(
            "Rotations and cuts", about("Files that were renamed, deleted or cut, per second.",
                                        "Cuts can lose what was not read before.",
                                        "InferenceLinesLost"),
            "cps", changes("files_rotated"), changes("files_truncated", "reason"),
            changes("rotate_grace_expired"), width=8),
        panels.lines(
            "Trouble with files and lines",
            about("Files that could not be opened, lines too long, cut or without an end.",
                  "All 0 is normal.", "InferenceFilesUnreadable", "InferenceLinesLost"),
            "cps", changes("file_open_errors", "reason"), changes("lines_too_long"),
            changes("partial_lines_dropped"), width=8),
    )  # fmt: skip


def _keeping() -> tuple[Panel, ...]:
    kept = f"min by (instance) ({of(f'{_X}state_persistent', _ME)})"
    return (
        panels.states(
            "State on disk", about("Whether the last commit reached the disk; eight exporters, "
                                   "those that failed first.",
                                   "While it does not, the page stands still.",
                                   "InferenceStateNotPersistent"),
            _UP, Query(f"{kept}\nand on (instance) bottomk(8, {kept.replace('})', '} @ end())')})",
                       "{{instance}}"),
            width=8),
        panels.lines(
            "Commits", about("Commits a second, and those that failed.",
                             "One per commit_interval is normal.", "InferenceStateNotPersistent"),
            "cps", Query(rate(f"{_X}state_commits_total", _ME), "all exporters"),
            Query(f"topk(8, {rate(f'{_X}state_commit_failures_total', _ME, 'instance')} > 0)",
                  "failed {{instance}}"), width=8),
        panels.lines(
            "Duration of a commit", about("Of the last one.", "A slow disk slows the page."),
            "s", Query(f"topk(8, max by (instance) ({of(f'{_X}state_commit_seconds', _ME)}))",
                       "{{instance}}"), width=4),
        panels.lines(
            "Size of the state", about("Size of the database.", "Bounded by the limits."),
            "bytes",
            Query(f"topk(8, max by (instance) ({of(f'{_X}state_bytes', _ME)}))", "{{instance}}"),
            width=4),
    )  # fmt: skip


def _serving() -> tuple[Panel, ...]:
    failed = f"{_X}statistic_failures_total"
    requests = f"{_X}http_requests_total"
    return (
        panels.lines(
            "Series on the page", about("Series, by exporter.",
                                        "docs/operations.md has how many to expect.",
                                        "InferenceSeriesOverflow"),
            "short",
            Query(f"topk(8, max by (instance) ({of(f'{_X}series', _ME)}))", "{{instance}}"),
            width=8),
        panels.lines(
            "Scrape", about("How long Prometheus took to fetch the page.",
                            "Should stay well below the scrape timeout."),
            "s",
            Query(f"topk(8, max by (instance) (scrape_duration_seconds{{{_ME}}}))", "{{instance}}"),
            width=8),
        panels.lines(
            "Requests to the exporter", about("HTTP requests by path and status.",
                                              "Scrapes, health checks, labels."),
            "reqps", Query(rate(requests, _ME, "route", "code"), "{{route}} {{code}}"), width=8),
        panels.lines(
            "Time of statistics", about("Time a statistic took in the last evaluation.",
                                        "All features and windows together."),
            "s", Query(f"max by (statistic) ({of(f'{_X}statistic_seconds', _ME)})",
                       "{{statistic}}")),
        panels.lines(
            "Failures of statistics", about("Evaluations that raised an error, per second.",
                                            "Always 0; else please report it.",
                                            "InferenceStatisticFailing"),
            "cps", Query(f"sum by (statistic) (rate({of(failed, _ME)}{RATE}))", "{{statistic}}")),
    )  # fmt: skip
