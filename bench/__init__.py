"""Measure how fast Mingce is, beside a bare Flask application on the same machine: `make bench`."""
