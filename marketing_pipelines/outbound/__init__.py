"""What leaves the house: payloads, the frozen manifest, the gate and the sending that never doubles."""
