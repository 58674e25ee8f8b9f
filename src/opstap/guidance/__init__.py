"""Guidance: from the state of the work to light on the bench.

`cues` says what is shown, `drawing` makes a projector's image of it, `window` puts that image on the projector.
"""
