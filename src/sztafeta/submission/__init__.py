"""The submission face: SMTP in, from the open connection to the verb ACCEPT.

`reception` takes clients in, a `conversation` carries one client's octets, its `clerk` decides. What they
count and compare by stands beside them: doorkeeper, throttle, pace, known_accounts, login.
"""
