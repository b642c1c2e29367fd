"""Results and reports, written whole or not at all."""
