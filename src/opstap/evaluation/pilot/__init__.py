"""A simulated pilot: virtual workers do jobs in the real workflow engine. What comes out says nothing about people."""
