"""Programs in; programs out: each pass alone."""
