"""What a user of seqcoder runs: plan, submit, status, verify, extract."""
