"""Memory twins of every port: the same contract tests, no disk."""
