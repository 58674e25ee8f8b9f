"""The hub: collects what cells send, and shows groups of at least five people, never a person."""
