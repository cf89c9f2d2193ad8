"""How `init` guesses a configuration: names met in the wild, log lines of known servers."""
