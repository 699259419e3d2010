"""The any-order autoregressive engine."""
