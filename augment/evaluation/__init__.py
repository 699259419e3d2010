"""Floor 1: metrics, the limits of what they measure, and one verdict for every kind of data."""
