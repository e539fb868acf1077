"""``python -m bench``."""

import sys

try:
    from bench.cli import main
except KeyboardInterrupt:
    sys.exit(130)  # before anything was begun: there is nothing to tell

main()
