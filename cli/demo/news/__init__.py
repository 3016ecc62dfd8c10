"""The invented trade news of the demo: who publishes, what happens, who tells it, and how that looks as a feed.

All of it follows from the hour alone, so that it is the same for whoever asks, and any hour can be asked for by itself.
"""
