"""The whole house, brought up once: what its fixtures start ends with the last test of this folder."""
