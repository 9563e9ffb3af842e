"""What the parts of a Python expression come to, in values that a formula can hold."""
