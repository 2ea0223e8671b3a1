"""What the end-to-end tests share: they drive the built programs from outside, by files, socket and signals."""
