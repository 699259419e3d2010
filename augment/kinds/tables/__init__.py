"""Tables: files of rows and columns."""
