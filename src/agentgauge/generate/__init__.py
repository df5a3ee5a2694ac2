"""Writes the committed files that are derived from other sources; a test compares them again."""
