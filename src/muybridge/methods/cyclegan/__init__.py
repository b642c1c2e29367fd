"""CycleGAN on one pair of videos: see method.py for what is learned."""
