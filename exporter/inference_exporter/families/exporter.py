"""The exporter about itself."""

from __future__ import annotations

from inference_exporter.families.family import family

EXPORTER = (
    family(
        "gauge",
        "inference_exporter_build_info",
        "version pythonversion decoder",
        "Constant 1 with the version, and what reads JSON lines: `native` or `python`.",
    ),
    family(
        "gauge",
        "inference_exporter_config_last_reload_successful",
        "",
        "1 if the configuration in force is the one in the file, 0 if its last reload failed.",
    ),
    family(
        "gauge",
        "inference_exporter_config_last_reload_success_timestamp_seconds",
        "",
        "When a configuration was last loaded successfully.",
    ),
    family(
        "counter",
        "inference_exporter_record_lines_total",
        "result",
        "Lines of the record of decisions: `written`, or `dropped` because a month or what waits "
        "has no room.",
    ),
    family(
        "counter",
        "inference_exporter_record_errors_total",
        "",
        "Failed attempts to write the record; its lines wait in the state.",
    ),
    family(
        "gauge",
        "inference_exporter_record_waiting_bytes",
        "",
        "Lines that are not in their files yet; more than 0 for long while the folder takes none.",
    ),
    family(
        "gauge",
        "inference_exporter_record_bytes",
        "",
        "Size of the record in the state folder.",
    ),
    family(
        "counter",
        "inference_exporter_spans_total",
        "result",
        "Spans of requests for the collector: `sent`, `dropped` (no room, or it never answered), "
        "`refused` by it.",
    ),
    family(
        "counter",
        "inference_exporter_events_total",
        "event result",
        "Events that are configured to be told, by kind: `told`, or `held_back` because there were "
        "enough of them in a minute.",
    ),
    family(
        "counter",
        "inference_exporter_event_deliveries_total",
        "target result",
        "Events for `file`, `loki` and `otlp`: `sent`, `dropped` (no room, or it never answered), "
        "`refused`.",
    ),
    family(
        "counter",
        "inference_exporter_lines_total",
        "source result",
        "Lines read, by what became of them.",
    ),
    family(
        "counter", "inference_exporter_bytes_read_total", "source", "Bytes read from the source."
    ),
    family(
        "gauge",
        "inference_exporter_files_watched",
        "source",
        "Files known under a name at the moment.",
    ),
    family(
        "gauge",
        "inference_exporter_files_open",
        "source",
        "Files held open, rotated ones included.",
    ),
    family(
        "counter",
        "inference_exporter_files_rotated_total",
        "source",
        "Files that lost their name (renamed or deleted) while they were followed.",
    ),
    family(
        "counter",
        "inference_exporter_files_truncated_total",
        "source reason",
        "Files that were cut: `shrunk` (shorter than read) or `rewritten` (other content).",
    ),
    family(
        "counter",
        "inference_exporter_file_open_errors_total",
        "source reason",
        "Attempts to open or read a file that failed; retried for ever.",
    ),
    family(
        "gauge",
        "inference_exporter_files_unreadable",
        "source",
        "Files that exist but cannot be opened or read at the moment.",
    ),
    family(
        "gauge",
        "inference_exporter_source_up",
        "source",
        "1 if at least one file of the source can be read, 0 while there is none.",
    ),
    family(
        "gauge",
        "inference_exporter_lag_bytes",
        "source",
        "Bytes written to the files and not yet read.",
    ),
    family(
        "gauge",
        "inference_exporter_lag_seconds",
        "source",
        "Now minus the event time of the newest line, at the time it was read.",
    ),
    family(
        "gauge",
        "inference_exporter_catching_up",
        "source",
        "1 while there is more to read than one turn takes.",
    ),
    family(
        "counter",
        "inference_exporter_lines_too_long_total",
        "source",
        "Lines over the limit, discarded.",
    ),
    family(
        "counter",
        "inference_exporter_partial_lines_flushed_total",
        "source",
        "Last lines without a newline, taken as whole when their file was given up.",
    ),
    family(
        "counter",
        "inference_exporter_partial_lines_dropped_total",
        "source",
        "Last lines without a newline that were lost when their file was truncated.",
    ),
    family(
        "counter",
        "inference_exporter_rotate_grace_expired_total",
        "source",
        "Rotated files given up at the hard time limit although they were still written to.",
    ),
    family(
        "counter",
        "inference_exporter_invalid_values_total",
        "source field",
        "Values of a field that could not be used (not a number, not a time); the line counts.",
    ),
    family(
        "counter",
        "inference_exporter_late_events_total",
        "source",
        "Events too old for the windows; they are in the counters.",
    ),
    family(
        "counter",
        "inference_exporter_future_events_total",
        "source",
        "Events more than five minutes ahead of the clock; in the counters, not in the windows.",
    ),
    family(
        "counter",
        "inference_exporter_untimed_events_total",
        "source",
        "Events without a readable time although the config names one; in the counters, not in "
        "the windows.",
    ),
    family("gauge", "inference_exporter_series", "", "Series on this page."),
    family(
        "counter",
        "inference_exporter_series_dropped_total",
        "family",
        "Values counted under `__overflow__` because a label had reached its limit.",
    ),
    family(
        "gauge", "inference_exporter_state_persistent", "", "1 if the last commit reached the disk."
    ),
    family(
        "counter",
        "inference_exporter_state_commits_total",
        "",
        "Commits of offsets, counters and windows.",
    ),
    family(
        "counter",
        "inference_exporter_state_commit_failures_total",
        "",
        "Commits that failed, retried later.",
    ),
    family("gauge", "inference_exporter_state_commit_seconds", "", "Duration of the last commit."),
    family("gauge", "inference_exporter_state_bytes", "", "Size of the state database."),
    family(
        "counter",
        "inference_exporter_state_load_errors_total",
        "",
        "Starts at which the state could not be used and was moved aside.",
    ),
    family(
        "gauge",
        "inference_exporter_state_last_commit_timestamp_seconds",
        "",
        "When state was last committed.",
    ),
    family(
        "gauge",
        "inference_exporter_statistic_seconds",
        "statistic",
        "Time the statistic took in the last evaluation, all features and windows together.",
    ),
    family(
        "counter",
        "inference_exporter_statistic_failures_total",
        "statistic",
        "Evaluations of the statistic that raised an error.",
    ),
    family(
        "counter",
        "inference_exporter_label_records_refused_total",
        "reason",
        "Labels sent to /api/v1/labels that were not taken; the answer said why.",
    ),
    family(
        "counter",
        "inference_exporter_received_records_total",
        "source result",
        "Records posted to receivers, by model: `accepted` (on disk, then read as any log), "
        "`repeated` (an event that was there already), `refused` (bodies that cannot be used; the "
        "answer said why), `full` and `failed` (not taken, to be sent again).",
    ),
    family(
        "gauge",
        "inference_exporter_received_bytes",
        "source",
        "Received lines on disk, read or not; receivers refuse more beyond 256 MiB.",
    ),
    family(
        "counter", "inference_exporter_http_requests_total", "route code", "HTTP requests answered."
    ),
)
