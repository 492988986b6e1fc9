"""Nodes made of software, and their weather."""
