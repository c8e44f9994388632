"""Learning from people: their labels beside the scores, and what the scores then mean.

Nothing here changes a verdict by itself: the outcome is a file, in force only where the
configuration names it.
"""
