"""The only composition root: settings → ports → services."""
