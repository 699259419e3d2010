"""The Python API: small typed objects over the functions that the command line calls too."""
