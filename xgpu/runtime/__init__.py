"""From recorded nodes to buffers: devices and plugins, lowering, materializing, the trace."""
