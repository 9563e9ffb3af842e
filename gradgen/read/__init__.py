"""Formulas, programs and Python functions in; programs of steps out."""
