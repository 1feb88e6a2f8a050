"""SEND: calls over HTTP, and templates over SMTP, on their way to ACCEPT (docs/design/flow.md).

call          what is asked for, in our words, whatever face it came through
call_reading  every value read and checked, all faults at once
rendering     the template's parts with each addressee's values
assembling    a head for each addressee, one tail for all
send          the verb: its body is the list of these steps; `sent` is what it answers
"""
