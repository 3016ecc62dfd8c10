"""The script that pages include: `<script async src="…/t.js" data-key="…"></script>`."""

import hashlib
from pathlib import Path

SCRIPT = Path(__file__).with_name("t.js").read_bytes()
ETAG = f'"{hashlib.sha256(SCRIPT).hexdigest()[:32]}"'
