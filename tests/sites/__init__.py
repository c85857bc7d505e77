"""Archives on the loopback interface that tests and people try the crawler on."""
