"""A pipeline of the Stable Diffusion kind from a local folder."""
