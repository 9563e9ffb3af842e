"""The languages that modules are written in, one file for each."""
