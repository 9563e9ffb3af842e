"""Derivatives that somebody wrote, held to those of the functions themselves."""
