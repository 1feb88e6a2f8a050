"""Bootstrap: who is introduced to whom; it knows everybody and decides nothing.

`service` is a page of constructors, `values` gives the parts plain values, `store` opens the store.
"""
