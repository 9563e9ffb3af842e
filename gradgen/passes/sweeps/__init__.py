"""Ways of going through a program for all rows of its Jacobian, and what the rows share."""
