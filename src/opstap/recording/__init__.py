"""Recordings of a cell's topics: consent and expiry, playing them to perception again, deleting them in time."""
