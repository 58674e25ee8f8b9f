"""Whether it helped: measures of the work."""
