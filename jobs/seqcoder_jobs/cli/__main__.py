"""``python -m seqcoder_jobs.cli``, as detached jobs are started."""

from seqcoder_jobs.cli import main

main()
