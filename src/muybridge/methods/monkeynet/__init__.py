"""Monkey-Net: a still image follows a driving video, learnt from a folder of videos (Siarohin et al. 2019)."""
