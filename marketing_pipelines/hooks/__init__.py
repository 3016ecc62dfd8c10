"""Web hooks: calls of providers that the collector has proven and kept, taken one after the other by those who read them."""
