"""From a notebook: references of data frames, and what the exporter would say of other frames.

A frame is written as a log of plain JSON lines, which the sidecar's own code reads, counts and
decides on: nothing here works out a statistic. A frame is a DataFrame of pandas or polars, a table
of pyarrow, or a mapping of names to columns; none of these is needed.

>>> from inference_exporter.notebook import Reference, compare
>>> calm = {"age": [20 + i % 50 for i in range(1000)]}
>>> older = {"age": [35 + i % 50 for i in range(1000)]}
>>> reference = Reference.build(calm)
>>> compare(reference, older).drifted
['age']

    frames      a frame as columns of plain values
    columns     which column is what, and how the model is configured
    lines       columns as lines of a log
    reference   `Reference`
    comparing   `compare`
    comparison  what comes out, as text, rows and a DataFrame
    html        the same in a notebook
"""

from inference_exporter.notebook.comparing import compare
from inference_exporter.notebook.comparison import Comparison, Finding
from inference_exporter.notebook.reference import Reference

__all__ = ["Comparison", "Finding", "Reference", "compare"]
