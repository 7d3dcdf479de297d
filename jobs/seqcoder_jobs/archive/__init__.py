"""The archive as it lies in its folder: containers, manifest, plan, locks, the mark of success.

In come reports of containers and rows of the manifest; out go the same again, and where each genome
is. Both roads, ``writing`` and ``reading``, stand on it.
"""
