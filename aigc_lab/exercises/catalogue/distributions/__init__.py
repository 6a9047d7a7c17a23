"""Exercises on distributions."""
