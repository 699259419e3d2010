"""A fitted engine with all that it takes to make images that were asked for."""
