"""Floor 0: types, registry, store, seeds, files, errors, progress. Imports nothing above it."""
