"""A report for who signs a model off: one page of what the record and the state know.

history  the record, gone through once: by input, by window, by time
now      what the state shows, as the exporter would publish it
page     the whole page
recorded its parts that the record speaks of
present  its parts that the state speaks of
words    what the numbers mean, and what is not known
"""

from inference_exporter.report.page import Period, report

__all__ = ["Period", "report"]
