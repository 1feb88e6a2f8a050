"""Foreign dialects: the calls of other services' clients, answered in their own words.

A dialect is a package with a façade of its name; what dialects of one family share stands beside them.
"""
