"""The JSON door: FastAPI routes under /api, strict in what they take, RFC 9457 in what they refuse."""
