"""Adapters: public data sets turned into extracts of the contract."""
