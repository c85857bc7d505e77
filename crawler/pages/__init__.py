"""Pages to fields: pure functions of the page, no requests, no settings; one module per archive software."""
