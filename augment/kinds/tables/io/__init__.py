"""Tables from files and back: formats, inference, roles."""
