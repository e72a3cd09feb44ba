"""Random array programs, and the machines that run them.

A program is a list of seeds, one for each step over a pool of arrays, so that a shorter list is a
shorter program. `beside_numpy` takes each step in NumPy too, and only steps whose result no order
of evaluation and no instruction set changes. `eager_and_lazy` takes steps of every kind, once
call by call and once recorded, and holds them to the same bits.
"""
