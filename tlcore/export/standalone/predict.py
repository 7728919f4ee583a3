"""`python predict.py FILE_OR_TEXT ...` prints the likeliest classes of images or texts."""

import sys
from pathlib import Path

from model import load  # type: ignore[import-not-found]

model = load()
for given in sys.argv[1:] or sys.exit(__doc__):
    try:
        sample = model.read(Path(given).read_bytes()) if model.modality == "image" else given
        for answer in model.predict([sample])[0]:
            print(f"{answer['probability']:.4f}\t{answer['class']}\t{given}")
    except (OSError, ValueError) as error:
        sys.exit(f"{given!r}: {error}")
