"""What is pushed: bodies of requests become lines of a log of our own, which is then read as any.

    POST ──> receiver (a file each) ──> spool (on disk, then answered) ──> a source as any other

`RECEIVERS` is the table of what can be asked for with `receive`; `Receivers` runs them.
"""

from inference_exporter.receivers.reception import Receivers
from inference_exporter.receivers.spool import folder_of, pattern_of
from inference_exporter.receivers.table import RECEIVERS, Receiver

__all__ = ["RECEIVERS", "Receiver", "Receivers", "folder_of", "pattern_of"]
