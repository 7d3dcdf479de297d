"""The manifest: what is in an archive, as Parquet tables anyone can read (docs/manifest.md).

In come the reports of containers, out go rows, parts and the tables; or rows rebuilt from the
containers themselves.
"""
