"""Text and recordings become clips in the background, and are listened back to."""
