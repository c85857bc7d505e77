"""Files to works: one module per format, and ``formats``, the one place that recognises them."""
