"""The manifest: what is in an archive, as Parquet tables anyone can read (docs/manifest.md)."""
