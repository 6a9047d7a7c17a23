"""Exercises on metrics."""
