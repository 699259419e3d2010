"""Floor 5: parse, call, print. One file per command."""
