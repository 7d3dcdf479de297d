"""Load: a corpus made by mutation, and what a submit of it costs (docs/reliability.md)."""
