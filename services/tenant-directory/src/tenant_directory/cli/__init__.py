"""The operator's commands, on the same use cases as everything else."""
