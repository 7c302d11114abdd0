"""Reports: sums over small daily cubes, each rate with its interval, each figure with its maturity."""
