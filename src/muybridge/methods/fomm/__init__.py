"""First order motion model (Siarohin et al. 2019)."""
