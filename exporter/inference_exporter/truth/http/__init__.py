"""Labels from HTTP clients: the body, the way to the writer, the answer."""
