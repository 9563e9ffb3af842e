"""The words about a module: its docstrings, its comments, and what may go wrong where."""
