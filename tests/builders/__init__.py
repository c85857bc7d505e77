"""Builders of inputs for tests: whatever is no text is made, not kept."""
