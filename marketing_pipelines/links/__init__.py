"""Short links: what one may be called, where a click goes, how links are kept and travel.

A click asks `targets` which of a link's addresses it gets and `parameters` what is added to that; both are
quick to import and know neither clock nor network nor store. `slugs` says what a link may be called.
`importing` and `exporting` read and write lists of `drafts` (`columns` knows the headings, `cells` what may
stand below), `keeping` makes records of them, and `pictures` draws the codes that phones read.
"""
