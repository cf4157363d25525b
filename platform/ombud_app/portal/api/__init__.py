"""The JSON API, one noun a file; every module has a ``router``."""

__all__: list[str] = []
