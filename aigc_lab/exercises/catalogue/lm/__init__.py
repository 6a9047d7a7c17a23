"""Exercises on lm."""
