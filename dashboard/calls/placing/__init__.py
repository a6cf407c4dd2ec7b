"""Placing a call: checked and written down, claimed once, sent at most once, reconciled when no answer came."""
