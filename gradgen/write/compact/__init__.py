"""Compact modules: fewer lines, which hold up to four operations each."""
