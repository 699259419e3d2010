"""Floor 1: building blocks of networks, and the one training loop."""
