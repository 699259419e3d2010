"""SDV's engines behind one door."""
