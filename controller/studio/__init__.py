"""Render announcements in time, in a supervised child process."""
