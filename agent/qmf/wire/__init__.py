"""What one message is made of: values and their widths, limits, encodings, addresses and routing keys."""
