"""One drift statistic a file; the table of all of them is `STATISTICS` in the parent package."""
