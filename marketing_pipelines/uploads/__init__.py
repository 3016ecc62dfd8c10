"""Offline uploads: touches and sales that no page saw, brought along as a list.

`columns` says what a list may hold, `reading` makes rows of a file, `cells` says what a cell may be, and `checking` tells
right rows from wrong ones: all of it pure, so that a person sees every mistake before anything is kept. `adding` puts the
right rows where all events are, once, whatever is killed meanwhile.
"""
