"""What every method's tests share: the reader of golden files lies beside JOKR's."""

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent / "jokr"))
