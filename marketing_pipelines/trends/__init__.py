"""Trends: feeds are read, entries become stories, and stories that suddenly spread are found."""
