"""The durable store: SQLite by default, PostgreSQL for many nodes, one contract suite for both.

`open.open_store` gives a `Store` whose parts implement the ports of `service/ports`. What is shared
by both databases is written once: tables (`schema`), statements (`statements`) and transactions as
generators that ask queries and never do I/O; `sqlite/` and `postgresql/` run them.
"""
