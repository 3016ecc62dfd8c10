"""Creatives: the images, words and documents that a campaign is made of."""
