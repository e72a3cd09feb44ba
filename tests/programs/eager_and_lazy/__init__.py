"""Random programs run twice by xgpu: each call at once, and recorded.

The steps are of every kind that the library has, on every dtype; what is left of both runs must be
the same, bit for bit, signed zeros included: recording, fusing, views, held intermediates and
writes in place change when something is computed and never what. So are the errors.
"""
