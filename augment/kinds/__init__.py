"""The kinds of data; each is found through the registry."""
