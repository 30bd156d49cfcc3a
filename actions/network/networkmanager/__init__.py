"""The back end for links that NetworkManager configures: its connection profiles, over D-Bus and in keyfiles."""
