"""Helpers of the end-to-end tests, which use the built programs through files, the socket and signals only."""
