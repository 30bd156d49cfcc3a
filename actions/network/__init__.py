"""Changes of the network: one desired state, applied as a transaction that is confirmed or rolled back.

A request is merged into the state that was read (``merge``), checked (``validate``), compared (``diff``) and turned
into steps (``plan``). These functions do no I/O. A back end applies the state; a transaction guards it.
"""
