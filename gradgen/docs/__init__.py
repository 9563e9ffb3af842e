"""The documentation, by kinds: a tutorial, how-tos, references, languages and explanations."""
