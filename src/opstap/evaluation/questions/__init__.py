"""Questionnaires as pages: one question a screen, kept after every answer, through the store's one gate of consent."""
