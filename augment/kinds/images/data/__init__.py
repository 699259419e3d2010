"""Images in memory: their schema, labels, captions and marks."""
