"""The loop: channels of lines, what it tells, commit and publish. Read `pipeline.py` first."""
