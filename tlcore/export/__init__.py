"""Taking a trained model home: each form in a file of its own, under one registry."""

from tlcore.export.catalogue import FORMS, Form, Tell, known, offered

__all__ = ["FORMS", "Form", "Tell", "known", "offered"]
