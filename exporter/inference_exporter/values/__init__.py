"""What crosses rooms: the columns of a batch, tallies, samples, profiles, names with a limit."""
