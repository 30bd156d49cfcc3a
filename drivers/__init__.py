"""The drivers, one package each; import names are hostinfo.drivers.NAME."""
