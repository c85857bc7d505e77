"""Where works come from: spiders and readers, and the commands that run them."""
