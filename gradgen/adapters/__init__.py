"""Leaves that hand a compiled formula over to optimisers and frameworks: one room for each library, which nothing else imports."""
