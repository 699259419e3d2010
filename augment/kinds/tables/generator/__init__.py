"""A fitted engine with all that it takes to write whole rows."""
