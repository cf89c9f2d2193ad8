"""A handler for services that have `logging`: what `extra` says of a prediction is logged."""

from __future__ import annotations

import logging

from inference_log.log import PredictionLog

_RESERVED = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName"}


class PredictionHandler(logging.Handler):
    """`logger.info("scored", extra={"features": …, "prediction": …})` is a prediction."""

    def __init__(self, log: PredictionLog, level: int = logging.NOTSET) -> None:
        super().__init__(level)
        self._log = log

    def emit(self, record: logging.LogRecord) -> None:
        """Log a record that has a prediction or features; others are none of its business."""
        fields = {key: one for key, one in vars(record).items() if key not in _RESERVED}
        if "features" in fields or "prediction" in fields:
            self._log.write(**fields)
