"""The container (.sqc): frames, rows, index, writer, reader. Specified in docs/format.md."""
