"""How fast credit is given, beside the packages that others use."""
