"""Naive forms, and the operations that mean the same and are right."""
