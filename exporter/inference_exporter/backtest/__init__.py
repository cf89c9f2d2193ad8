"""What would have paged: every decision over a whole log, before a model goes live.

record    what is kept of each window while the log is read
replay    the log through the same model and decisions as the sidecar's
versions  what a comparison of two versions came to
own_rate  how often this traffic would have alarmed against itself
table     the result as text and CSV
page      the result as one HTML file with charts
"""

from inference_exporter.backtest.page import page
from inference_exporter.backtest.replay import Backtest, replay
from inference_exporter.backtest.table import as_csv, as_text

__all__ = ["Backtest", "as_csv", "as_text", "page", "replay"]
