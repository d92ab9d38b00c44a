"""Outside calendars: when an advisor is busy elsewhere, read from a secret feed and never written to."""
