"""Random programs run by xgpu and by NumPy at once.

Whatever a step does, both sides do; what they see of it must be the same: values bit for bit,
shapes, dtypes, types of errors, and which arrays share memory. Only ops are used whose result no
order of evaluation changes. A NumPy result is made C-contiguous, as xgpu's arrays are, and an
index always gives a view, as in the standard, unless it has masks or arrays.
"""
