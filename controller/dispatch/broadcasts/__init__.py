"""Streams under a grant: the microphone, the stations, the relays of the programme."""
