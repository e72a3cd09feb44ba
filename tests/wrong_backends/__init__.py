"""Backends that are each wrong in one thing, and what finds them.

`table.MUTANTS` lists them. ``python -m tests.wrong_backends`` runs the conformance suite against
each and prints how many it kills; with ``--official PATH`` a checkout of the array API's own
suite is run against the same backends.
"""
