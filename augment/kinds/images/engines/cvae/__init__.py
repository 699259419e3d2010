"""A conditional variational autoencoder with a learnt prior."""
