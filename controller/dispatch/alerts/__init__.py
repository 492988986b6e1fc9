"""Emergencies: fired, renewed, taken back, and what stops everything."""
