"""The way out: a container becomes genomes, records, regions, files again.

In comes a container, wherever it lies. ``decoding`` decodes the chunks that are asked for,
``reader`` and ``record`` give genomes and residues, ``region`` cuts out ``name:start-end``. Out go
bases, text, whole files, each checked; ``verification`` says what is damaged, ``repair`` saves what
is not, ``track`` tells what each stretch costs. Neither torch nor ray is imported.
"""
