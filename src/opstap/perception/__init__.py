"""Depth perception: what hands did at bins and slots, told from depth alone."""
