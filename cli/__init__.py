"""The mp command line: bring the house up, look after it, take it down."""
