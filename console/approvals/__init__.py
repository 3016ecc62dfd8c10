"""What is read before it is signed, and the signing of several at once."""
