"""Authoring by doing it once: what perception saw of one packing becomes work instructions that a coach edits."""
