"""Monthly marts: a month's CDRs in, edges, usage, circle and volume out.

`building` makes them, `reading` reads them; nothing stands here, so that who reads marts need not
rerun when the making of one changes.
"""
