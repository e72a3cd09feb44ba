"""The recorded graph: nodes, views over them, and the rules of shape and dtype."""
