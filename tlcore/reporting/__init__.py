"""One file that tells a team what was trained and what it is worth: opened anywhere, asked of no network."""

from tlcore.reporting.document import document, file_name, written

__all__ = ["document", "file_name", "written"]
