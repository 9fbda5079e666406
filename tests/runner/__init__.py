"""tests/run: builds, runs every suite, counts."""
