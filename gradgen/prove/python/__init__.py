"""The files of Python functions in; what they bind, for the proof of these, out."""
