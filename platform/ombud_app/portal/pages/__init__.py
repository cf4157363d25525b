"""Pages for people: the same nouns as the API, drawn on the server, without scripts."""

__all__: list[str] = []
