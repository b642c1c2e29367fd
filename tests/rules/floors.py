"""The floor plan as data: a room imports only rooms on lower floors. docs/floor-plan.md says what each is for."""

FLOORS: tuple[tuple[str, ...], ...] = (
    ("errors", "tensors"),
    ("disk", "options", "settings"),
    ("geometry", "model_files", "video"),
    ("data", "landmarks", "masks", "motion", "networks", "puppets"),
    ("losses", "metrics", "picture_animator"),
    ("method", "run"),
    ("engine", "evaluation", "methods"),
    ("catalogue",),
    ("inputs",),
    ("jobs",),
    ("batches", "benchmark", "output"),
    ("api",),
    ("cli", "studio"),
)
"""From the ground up. Each folder in `methods` is a room of its own on that floor."""

TO_COME: frozenset[str] = frozenset()
"""Rooms that have their place and are not built yet."""
