"""Requests, predictions, latency."""

from __future__ import annotations

from inference_exporter.families.family import family, segmented

TRAFFIC = (
    segmented(
        "counter",
        "inference_requests_total",
        "model version code",
        "Lines of the prediction log by status code; `ok` where the log has no status "
        "field, `unknown` where this line had none.",
    ),
    segmented(
        "counter",
        "inference_request_failures_total",
        "model version",
        "Requests whose status is not among the configured ok values.",
    ),
    segmented(
        "histogram",
        "inference_request_duration_seconds",
        "model version",
        "End-to-end latency as logged by the model server; exemplars carry the trace id.",
    ),
    family(
        "gauge",
        "inference_request_duration_quantile_seconds",
        "model version q window",
        "Latency quantile over the window, interpolated in cells 9 % wide; one sidecar's own.",
    ),
    segmented(
        "counter",
        "inference_requests_slow_total",
        "model version",
        "Requests that took longer than the threshold `request_duration_seconds`; only where it is "
        "set. It begins anew when the threshold changes.",
    ),
    family(
        "histogram",
        "inference_step_duration_seconds",
        "model version step",
        "Latency of one step of the request, such as feature_lookup or inference, as logged.",
    ),
    segmented(
        "counter",
        "inference_predictions_total",
        "model version prediction",
        "Predictions by predicted class; the label is empty for regression.",
    ),
    family(
        "counter",
        "inference_prediction_weight_total",
        "model version",
        "Sum of the weights of the predictions, where the log is sampled and says so.",
    ),
    family(
        "counter",
        "inference_prediction_weight_squared_total",
        "model version",
        "Sum of the squares of the same weights, 1 where a line has none: over the sum of weights "
        "it says how many rows of the window one row of equal weight is worth.",
    ),
    family(
        "counter",
        "inference_pairs_total",
        "model result",
        "Requests and responses that are logged apart, by what became of them: `answered` (a "
        "pair), `unanswered` (a request without a response within `pairs.within`), `unasked` (a "
        "response without a request), `duplicate` (a half that was there already), `ambiguous` "
        "(with `by: order`, where more than one request was open: not joined).",
    ),
    family(
        "gauge",
        "inference_pairs_waiting",
        "model",
        "Requests and responses that wait for their other half.",
    ),
)
