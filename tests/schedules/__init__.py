"""The rules of what is said, where and when, tried."""
