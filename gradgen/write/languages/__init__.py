"""One file for each language that a module can be written in."""
