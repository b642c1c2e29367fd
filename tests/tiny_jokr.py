"""JOKR as small as it goes, by the settings that anybody may set."""

TINY_NETWORKS = {
    "size": 32,
    "keypoints": 4,
    "detector.width": 8,
    "detector.max_width": 16,
    "detector.blocks": 2,
    "shapes.width": 8,
    "refiner.width": 8,
    "discriminator_width": 8,
}
"""Networks that cost nearly nothing a step."""
TINY_TRAINING = {**TINY_NETWORKS, "shape.steps": 2, "texture.steps": 2, "motion.steps": 2}
"""And a training of a second."""
