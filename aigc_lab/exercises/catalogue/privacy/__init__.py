"""Exercises on privacy."""
