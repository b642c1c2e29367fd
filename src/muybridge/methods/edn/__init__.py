"""Everybody Dance Now: see method.py for what is learned, in the order of the paper."""
