"""The header and the disk: what a generated file says of itself, and how files are read and written."""
