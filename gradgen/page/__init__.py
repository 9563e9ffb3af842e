"""A compiled formula as a page that explains it."""
