"""What watches the monthly batch: its ground, drift of the data, and how the model does since."""
