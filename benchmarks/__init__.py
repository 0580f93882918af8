"""Speed and memory of churnlight, measured: `make bench`. No part of the package."""
