"""The demo: an invented shop with 30 days behind it, its web site, and a mail server that keeps what is sent."""
