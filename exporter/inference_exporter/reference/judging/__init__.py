"""How good the model was on the labelled rows of the reference data."""
