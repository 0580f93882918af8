"""The stages of dvc.yaml, one module each: `python -m churnlight.stages.<name>`.

A stage reads its sections of the parameters, connects, calls functions of the layers below, writes,
and logs rows and seconds. It has no other side effect.
"""
