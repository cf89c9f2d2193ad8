"""The pages of the status as HTML; what they show is worked out one folder up."""
