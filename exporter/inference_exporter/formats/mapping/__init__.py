"""Lines that are not what they mean yet: decoded in place, and taken apart into rows."""
