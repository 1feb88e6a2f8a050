"""People in the panel: how they come in, their profile, who may do what, and who did what."""
