"""What every door shares: who is there, what they may, is the request sound, how is a problem told."""
