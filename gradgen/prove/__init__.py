"""What modules are proven against: evaluations that share nothing with the rules."""
