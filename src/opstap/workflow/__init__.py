"""The work guide's state machine and its journal."""
