"""What the edge does in a second: `make bench-edge`.

Requests are asked for by wrk on one core of a server on the other, against peers in the same run: nginx that answers
204, Go's HTTP server that decodes the same JSON, and uvicorn with an application that does nothing. What is not on
the machine is skipped, and the table says so.
"""
