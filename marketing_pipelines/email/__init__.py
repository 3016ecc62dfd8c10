"""Mail: how an approved message is rendered, for the person who reads it first and for the wire."""
