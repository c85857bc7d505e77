"""What all tests share."""

from hypothesis import settings

settings.register_profile("unhurried", deadline=None)  # machines are noisy: no test is judged by its time
settings.load_profile("unhurried")
