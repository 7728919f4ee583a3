"""Files that go along with a model as they are: they know the folder they lie in, and nothing of the studio."""

__all__: list[str] = []
