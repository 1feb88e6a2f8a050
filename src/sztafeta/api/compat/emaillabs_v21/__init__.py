"""EmailLabs' API v2.1 (also Redlink's and MessageFlow's): `/v2.1/email…`, JSON in and out (emaillabs.md §2).

Application-Key is any name, Authorization (raw, without a scheme) a key of ours.
"""
