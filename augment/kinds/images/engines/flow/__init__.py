"""Flow matching in pixel space."""
