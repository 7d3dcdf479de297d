"""What became of an input file, as manifest and reports say it."""

VERIFIED, STORED_STATUS, FAILED = "verified", "stored", "failed"
