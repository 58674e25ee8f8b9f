"""Brings a part to hand: robot model, planning, timing, separation from people, handover.

Not a safety function: docs/cobot.md says what it is not, and who has to do what.
"""
