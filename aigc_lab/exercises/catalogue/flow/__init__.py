"""Exercises on flow."""
