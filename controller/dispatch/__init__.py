"""Compile the programme, fan it out, follow each delivery to its verdict."""
