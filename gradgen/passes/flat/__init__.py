"""Gradients that are 0 where a function does not move, however steep what lies above or below it is there."""
