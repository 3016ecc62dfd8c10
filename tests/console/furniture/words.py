"""Words as long as people write them, and longer, for pages that must bear them."""

LONG = "Winter sale for everybody who bought a coat, a scarf or boots last year and " + "unbroken" * 15
HTML = """<div style="font-family:sans-serif;padding:24px"><h1>Winter sale</h1><p>All warm things are 20 % off.</p>
<p><a href="https://shop.example/winter">To the shop</a></p></div>"""
TEXT = "Hello,\n\nall warm things are 20 % off until Sunday.\n\nhttps://shop.example/winter\n\nYour shop"
ADDRESS = "a" * 64 + "@" + ".".join(["b" * 60] * 3) + ".com"
