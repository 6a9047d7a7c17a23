"""Exercises on parallel."""
