"""``python -m agent_tui`` is ``agent-tui``."""

import sys

from agent_tui.cli.main import main

sys.exit(main())
