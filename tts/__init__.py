"""Text in, clip out."""
