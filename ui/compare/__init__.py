"""The views of the page that compares: backbones, recipes, runs."""

__all__: list[str] = []
