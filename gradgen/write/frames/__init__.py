"""A program as functions from frames to frames, whose columns its values are."""
