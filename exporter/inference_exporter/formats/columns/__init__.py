"""From rows of raw values to a Batch: what all formats share.

`plan` lays out a row, `routes` finds values in nested objects, `numbers`, `texts` and `times`
make columns, `assemble` makes the Batch.
"""
