"""A lab: what a heart-rate strap says, and what can be said from it. No part of the cell."""
