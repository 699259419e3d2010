"""What runs and what is kept of it: folders of results, deadlines, processes."""
