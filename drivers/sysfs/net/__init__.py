"""Parts of the network group."""
