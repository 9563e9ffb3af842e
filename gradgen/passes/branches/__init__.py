"""Programs of choices, and which of their steps are evaluated in which branch."""
