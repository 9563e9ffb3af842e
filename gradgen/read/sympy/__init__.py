"""SymPy's expressions in; programs of steps out."""
