"""A compiled formula as a picture of its circuit."""
