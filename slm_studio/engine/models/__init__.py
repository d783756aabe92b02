"""Hold the networks and vocabularies that the studio makes from nothing."""
