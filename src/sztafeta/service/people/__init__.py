"""People: how they sign up, log in, and what they may do."""
