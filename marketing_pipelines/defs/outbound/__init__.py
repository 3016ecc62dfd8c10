"""What goes out: approved actions, the gate's sensors, the sends and their outcomes."""
