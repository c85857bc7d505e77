"""Navigation: which addresses, in which order, when to stop; one module per archive software."""
