"""A training request: its settings, provenance, training and resumption; what came of it, loaded."""
