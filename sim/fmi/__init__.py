"""Tank and lines as FMI 2.0 co-simulation units, for those who simulate the rest with other tools. Extra `fmi`."""
