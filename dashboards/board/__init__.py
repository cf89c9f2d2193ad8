"""Typed helpers that write Grafana's classic dashboard JSON: queries, panels, variables, pages."""
