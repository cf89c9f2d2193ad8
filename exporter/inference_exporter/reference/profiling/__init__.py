"""Two passes over blocks: where the bins are, then what is in them."""
