"""What proves that a finished text is a generated one, token by token."""
