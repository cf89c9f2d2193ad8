"""The recording and alert rules as data; `alert_rules.generate` writes them as YAML."""
