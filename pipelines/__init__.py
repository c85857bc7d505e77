"""What happens to records: clean, identify, fingerprint, stage, dedupe, build."""
