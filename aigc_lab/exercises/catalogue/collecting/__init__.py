"""Exercises on collecting."""
