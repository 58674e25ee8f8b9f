"""Does a bench pay? Costs and gains as ranges, and what they add up to."""
