"""Personal data: found by content and name, and stood in for by surrogates."""
