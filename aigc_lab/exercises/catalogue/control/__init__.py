"""Exercises on control."""
