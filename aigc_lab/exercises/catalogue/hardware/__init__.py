"""Exercises on hardware."""
