"""The private edge: pages and an API for people. It writes records; it never sends."""
