"""Templates rendered in processes of their own, which can be ended (decision 0008)."""
