"""How values are spelt as text, read and written."""
