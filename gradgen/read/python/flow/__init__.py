"""The statements of a Python function in, with the ways that they take; a program in straight lines out."""
