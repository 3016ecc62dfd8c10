"""The invented shop's web site: pages with the pixel, an experiment on each kind of page, and the trade's feeds."""
