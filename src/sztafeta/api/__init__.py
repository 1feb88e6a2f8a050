"""HTTP in. Today the operator's port: health and metrics."""
