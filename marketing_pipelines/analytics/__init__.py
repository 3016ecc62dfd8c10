"""Analytics: the questions that people ask of the marts, one module a question.

Each is a function of a ClickHouse client, a tenant and what was asked, which is typed and bounded. The console, its API
and the exports all ask here, so that a number is the same wherever it is read.
"""
