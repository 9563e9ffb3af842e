"""Calls of numpy's on arrays in; the arrays that they make out."""
