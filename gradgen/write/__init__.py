"""Programs and names in; text in a language, and its layout, out."""
