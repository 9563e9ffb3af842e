"""The syntax tree of a Python file in; the same in fewer constructs, which mean the same, out."""
