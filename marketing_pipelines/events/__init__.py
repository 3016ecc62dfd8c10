"""What an event means: where somebody came from, with what, and whether it was a person at all.

The edge writes what it was told. `normalising` reads that in batches and says what it means, by the rules of the
other modules, each of which has one subject and none of which knows about polars: `sites`, `referrers`, `click_ids`,
`campaigns`, `channels`, `user_agents`, `bots`. The edge itself asks `user_agents`, `countries` and `crawlers`, since
those need what is shortened before it is written.
"""
