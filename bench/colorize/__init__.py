"""Photographs coloured by the trained networks of a run."""
