"""What others offer for the same work, each at its best."""
