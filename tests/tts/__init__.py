"""Text in, clip out: the speech room tried."""
