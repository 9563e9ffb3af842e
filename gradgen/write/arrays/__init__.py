"""What languages of arrays have beside the others."""
