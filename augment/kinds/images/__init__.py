"""Images: folders, lists and archives of pictures."""
