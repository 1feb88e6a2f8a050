"""EmailLabs' API v1: `/api/<action>`, forms in, JSON as `text/html` out (emaillabs.md §1).

Its clients depend on its quirks: `code` is a number and mirrors the HTTP status, a list that matches nothing
is 404, and one bad recipient hides inside `200 Message sent`. App Key is any name, Secret Key a key of ours.
"""
