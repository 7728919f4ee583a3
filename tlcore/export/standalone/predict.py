"""`python predict.py FILE_OR_TEXT ...` prints the likeliest classes of images or texts."""

import sys
from pathlib import Path

from model import load  # type: ignore[import-not-found]

model, bad = load(), []
for given in sys.argv[1:] or sys.exit(__doc__):
    try:
        sample = model.read(Path(given).read_bytes()) if model.modality == "image" else given
        print(*(f"{one['probability']:.4f}\t{one['class']}\t{given}" for one in model.predict([sample])[0]), sep="\n")
    except (OSError, ValueError) as error:
        bad.append(f"{given!r}: {error}")
sys.exit("\n".join(bad) or None)
