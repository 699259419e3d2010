"""Files that lie elsewhere: object stores and web servers, by fsspec."""
