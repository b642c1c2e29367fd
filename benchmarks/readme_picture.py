"""Keep a demo's contact sheet as the README's picture.

python3 make.py demo --out first-look
python benchmarks/readme_picture.py first-look
"""

import argparse
from pathlib import Path

import cv2

IMAGE = Path(__file__).resolve().parents[1] / "docs" / "images" / "demo.jpg"
QUALITY = 90


def main() -> None:
    """Write the sheet as a JPEG, a quarter of the PNG's size."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("demo", type=Path, help="the folder that the demo wrote")
    asked = parser.parse_args()
    sheet = cv2.imread(str(asked.demo / "contact-sheet.png"))
    if sheet is None:
        parser.error(f"{asked.demo} has no contact-sheet.png")
    cv2.imwrite(str(IMAGE), sheet, [cv2.IMWRITE_JPEG_QUALITY, QUALITY])
    print(IMAGE)


if __name__ == "__main__":
    main()
