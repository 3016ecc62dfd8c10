"""Which entries tell the same: words, likeness, and joining what is alike."""
