"""The nodes: registry, health and incidents."""
