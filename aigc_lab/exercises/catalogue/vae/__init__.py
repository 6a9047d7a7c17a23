"""Exercises on vae."""
