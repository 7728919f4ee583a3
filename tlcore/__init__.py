"""The engine of TL Studio: transfer learning with nothing hidden.

Importing it is cheap: torch is loaded by the functions that compute.
"""

__all__ = ["__version__"]

__version__ = "0.1.0"
