"""The container (.sqc): what lies where in the file. Specified in docs/format.md.

In come the frames of chunks and genomes, out go the same frames by place: ``writer`` appends
sections, ``index`` finds them, ``reader`` reads them by ranges, ``scan`` finds them without an
index, ``check`` searches for damage, ``parity`` mends it. Nothing here decodes a base.
"""
