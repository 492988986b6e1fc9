"""Speed, side by side with a named baseline."""
