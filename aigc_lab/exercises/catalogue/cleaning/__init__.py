"""Exercises on cleaning."""
