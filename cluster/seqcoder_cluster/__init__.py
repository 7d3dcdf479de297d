"""The Ray layer of seqcoder: model actors, coder tasks, coordinators."""
