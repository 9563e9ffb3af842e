"""Python files in; the formulas of their functions out."""
