"""Files of reference data as blocks of columns, and which column is what."""
