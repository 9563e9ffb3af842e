"""Programs of steps, the table of operations, and derivatives as programs of the same steps. Imports no other folder."""
