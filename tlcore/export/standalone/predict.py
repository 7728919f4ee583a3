"""`python predict.py FILE_OR_TEXT ...` prints the likeliest classes of images or texts."""

import sys
from pathlib import Path

from model import load  # type: ignore[import-not-found]

model, wrong = load(), 0
for given in sys.argv[1:] or sys.exit(__doc__):
    try:
        sample = model.read(Path(given).read_bytes()) if model.modality == "image" else given
        print(*(f"{one['probability']:.4f}\t{one['class']}\t{given}" for one in model.predict([sample])[0]), sep="\n")
    except (OSError, ValueError) as error:
        wrong = min(1, sys.stderr.write(f"{given!r}: {error}\n"))
sys.exit(wrong)
