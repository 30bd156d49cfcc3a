"""systemd-networkd: its files say what is configured, its D-Bus interface makes them take effect."""
