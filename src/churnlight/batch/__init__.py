"""The monthly batch: `churnlight score`, from an operator's new month to its scored partition."""
