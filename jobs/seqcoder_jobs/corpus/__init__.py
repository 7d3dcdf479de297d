"""What a corpus is made of: finding inputs, naming them, reading them.

In come folders, globs, lists, tar and zip files, packages of NCBI, URIs; out come the genomes in
them, each with a name of its own, and an opener that workers read them by.
"""
