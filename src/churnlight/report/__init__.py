"""What people read: the HTML report, PNG plots for `dvc plots`, the closing table of a run."""
