"""Methods on scenes with a known answer: cells, their folder, their tables."""
