"""Simulated nodes, alone and as a village."""
