"""Motion representations for articulated animation (2021)."""
