"""Features to risk: training rows, models, their store, the cold start, scores and their evaluation.

The only package that knows scikit-learn. It reads the lake and the model store and writes the model store.
"""

VERSION = "1"
"""The version of what this package computes; part of every model's identity."""
