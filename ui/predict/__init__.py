"""A trained model looked at closely: its scores, its reasons, and its answers to new input."""
