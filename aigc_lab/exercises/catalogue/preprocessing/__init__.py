"""Exercises on preprocessing."""
