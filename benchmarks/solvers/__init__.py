"""Solvers of many lanes compared: this package's, diffrax's, and those that take one lane at a time."""
