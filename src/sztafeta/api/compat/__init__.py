"""Foreign dialects: the calls of other services' clients, answered in their own words."""
