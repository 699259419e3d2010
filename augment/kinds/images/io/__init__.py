"""Images from files and back: layouts, decoding, canvas, folders."""
