"""Parameters: one frozen model a section of params.yaml, unknown keys refused by name.

The sections stand in files of their own, so that editing one reruns only the stages that read it.
The reason for each default stands above it in params.yaml; a test holds the two together.
"""
