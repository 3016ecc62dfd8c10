"""Short links, as far as they need no store: what a link may be called, where a click of it goes, and how links travel.

A click asks `targets` which of a link's addresses it gets and `parameters` what is added to that; both are quick to
import and know neither clock nor network. `slugs` says what a link may be called. `importing` and `exporting` read and
write lists of `drafts` by the columns that `columns` names, and `pictures` draws the codes that phones read.
"""
