"""X2Face: a picture follows a video by two sampling grids (Wiles et al. 2018)."""
