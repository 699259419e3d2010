"""A conditional generative adversarial network."""
