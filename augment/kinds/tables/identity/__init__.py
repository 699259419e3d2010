"""Which rows belong together: keys, ids that repeat, and time stamps."""
