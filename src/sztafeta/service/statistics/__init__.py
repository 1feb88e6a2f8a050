"""Statistics: events are added up in the background, and read by the panel."""
