"""The way in: FASTA files become one container.

In come input files (``source``) and settings. Each is parsed (``genome``) and placed in base space
(``base_space``), which is cut into chunks; an ``executor`` codes the chunks (``chunk``: latents,
residual, decoded again and compared); ``pipeline`` writes them to a file that appears whole. Out go
the container and a ``report`` of it. ``plan`` says which genomes go into which container.
"""
