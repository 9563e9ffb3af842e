"""Lines of a function in; the same lines in blocks, one for each branch, out."""
