"""Exercises on gan."""
