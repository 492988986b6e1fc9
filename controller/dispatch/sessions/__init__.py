"""The day and the week in blocks (buổi phát), ordered by hand and shown."""
