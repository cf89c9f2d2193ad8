"""Profiles and shards as files that a person can read."""
