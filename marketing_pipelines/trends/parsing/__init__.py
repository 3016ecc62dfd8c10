"""Documents into entries: every format, every encoding, and what is no feed at all."""
