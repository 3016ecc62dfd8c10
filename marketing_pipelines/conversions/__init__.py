"""Conversions reported back: which ones may be told to which platform, and the actions by which that is done.

`choosing` finds them in the warehouse: those whose click the platform sold, of people who consented. `proposing` puts them
into actions on the rules that people have signed. What leaves the house leaves through the gate.
"""
