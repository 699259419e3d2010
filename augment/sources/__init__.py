"""Where the bytes of a source lie: files, patterns of their names, standard input."""
