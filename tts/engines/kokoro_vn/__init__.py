"""The embedded Vietnamese voice: Kokoro-82M weights, our own front end and tone contours."""
