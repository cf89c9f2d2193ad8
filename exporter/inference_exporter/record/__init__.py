"""The record: every decision with its evidence, a line of JSON each, kept for a year and more.

line     a decision as a line: what it rests on, and the verdict
again    the PSI, the test and its p-value, worked out again from a line alone
months   the folder: a file for each month
journal  lines are appended exactly once, whatever kills the process
reading  the lines of a folder that somebody asks for

`docs/record.md` tells it in plain sentences.
"""

from inference_exporter.record.journal import Journal
from inference_exporter.record.line import VERDICTS, Decided, Verdict, lines_of
from inference_exporter.record.reading import Wanted, read

__all__ = ["VERDICTS", "Decided", "Journal", "Verdict", "Wanted", "lines_of", "read"]
