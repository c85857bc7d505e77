"""langdetect profiles for languages that it ships none of, and the fixed strings that test an engine's parity."""
