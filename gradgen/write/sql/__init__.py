"""A program as a query over the rows of a table."""
